// An OpenID provider on this machine, for the tests of the login: whoever it is asked for, it knows, with any password.
// node provider.mjs PORT REDIRECT_URI
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "callboard",
      client_secret: "a secret that no log may hold",
      redirect_uris: [redirect],
      post_logout_redirect_uris: [redirect],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false, // the claims come in the ID token, as from most providers
  cookies: { keys: ["of the tests alone"] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@example.com`,
      email_verified: !id.startsWith("unverified"),
      name: id[0].toUpperCase() + id.slice(1),
    }),
  }),
});

provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
