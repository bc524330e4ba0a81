"""The settings of the login: who is asked who people are, who is an admin, and how long a session lasts."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from lib.configuration.addresses import PREFIX, is_secure_address, plain_address, web_host


class LoginSettings(BaseSettings):
    """The settings of the login, and of the address that people open; `Settings` has them."""

    base_url: str = Field("", description="What absolute links begin with. Default: taken from the request.")
    oidc_issuer: str = Field(
        "",
        description="The OpenID provider that people log in by, such as `https://accounts.google.com`; none: no login.",
    )
    oidc_client_id: str = Field("", description="What the provider calls this app.")
    oidc_client_secret: str = Field(
        "", validate_default=True, description="What the provider gave this app to prove itself by."
    )
    oidc_prompt: str = Field(
        "select_account", description="What the provider asks at each log-in: `select_account`, `login` or `consent`."
    )
    admins: str = Field(
        "",
        description="Verified e-mails, or subjects (those without an @), of people who are admins; commas between.",
    )
    session_hours: int = Field(168, ge=1, le=720, description="Hours after which one has to log in again.")
    session_idle_minutes: int = Field(480, ge=1, description="Minutes without an action after which a session ends.")

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not (value.startswith(("http://", "https://")) and web_host(value)):
            raise ValueError(f"'{value}' is not a web address; right would be such as https://calls.example.com")
        return value.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _secure_issuer(cls, value: str) -> str:
        if value and not is_secure_address(value):
            raise ValueError(f"'{value}' is not an https:// address (http:// is taken for this machine alone)")
        return value.rstrip("/")

    @field_validator("oidc_prompt")
    @classmethod
    def _prompt(cls, value: str) -> str:
        if value not in ("select_account", "login", "consent"):
            raise ValueError(f"'{value}' is not a prompt; right would be select_account, login or consent")
        return value

    @field_validator("oidc_client_secret")
    @classmethod
    def _whole_login(cls, value: str, info: ValidationInfo) -> str:
        """Hold that a login has all it needs: what is missing would let nobody in, or everybody."""
        if any(name not in info.data for name in ("oidc_issuer", "oidc_client_id", "base_url")):
            return value  # those are wrong themselves
        given = {
            "OIDC_ISSUER": info.data["oidc_issuer"],
            "OIDC_CLIENT_ID": info.data["oidc_client_id"],
            "OIDC_CLIENT_SECRET": value,
        }
        missing = [PREFIX + name for name, text in given.items() if not text]
        if len(missing) == len(given):
            return value
        if missing:
            raise ValueError(f"a login needs {', '.join(missing)} too")
        if not is_secure_address(info.data["base_url"]):
            raise ValueError(
                f"a login needs {PREFIX}BASE_URL, the https:// address that people open (http:// on this machine alone)"
            )
        return value

    @property
    def has_login(self) -> bool:
        """Whether people have to log in."""
        return bool(self.oidc_issuer)

    @field_validator("admins")
    @classmethod
    def _known_people(cls, value: str) -> str:
        for name in value.split(","):
            if "@" in name and not plain_address(name):
                raise ValueError(
                    f"'{name.strip()}' is not a plain e-mail address; right would be such as ann@example.com, with "
                    "commas between several"
                )
        return value

    @property
    def admin_names(self) -> tuple[str, ...]:
        """E-mails and subjects of those who are admins by the settings."""
        return tuple(name.strip() for name in self.admins.split(",") if name.strip())
