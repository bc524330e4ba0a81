"""The API's description: what a catalog declares, and no other catalog."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import anyio
import httpx
from starlette.types import Receive, Scope, Send

from lib.api import application
from lib.catalog.catalog import BUILT_IN, Catalog
from tests.catalog.test_catalog import LENGTH
from tests.catalog.test_exercises import POSITIVE


def description(catalog: Catalog) -> dict[str, Any]:
    api = application.build(catalog)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await api({**scope, "state": {"request_id": "1"}}, receive, send)

    async def ask() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://api") as client:
            return dict((await client.get("/openapi.json")).json())

    with ThreadPoolExecutor(1) as pool:  # the browser's tests leave a loop running in this thread
        return pool.submit(anyio.run, ask).result()


def test_what_a_catalog_declares_is_described() -> None:
    catalog = replace(
        BUILT_IN,
        version=1,
        filters=(*BUILT_IN.filters, LENGTH),
        metrics={**BUILT_IN.metrics, POSITIVE.name: POSITIVE},
    )
    for each, is_described in ((BUILT_IN, False), (catalog, True), (BUILT_IN, False)):
        document = description(each)
        models = document["components"]["schemas"]
        for path in ("summary", "campaigns", "call-centers", "executives", "trends"):
            parameters = document["paths"][f"/analytics/{path}"]["get"]["parameters"]
            assert (LENGTH.parameter in {parameter["name"] for parameter in parameters}) == is_described
        for model in ("Summary", "CampaignRow", "CallCenterRow", "ExecutiveRow", "Point"):
            assert "averageScore" in models[model]["properties"]
            assert (POSITIVE.name in models[model]["properties"]) == is_described
        order = document["paths"]["/analytics/export"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert (LENGTH.parameter in order["properties"]) == is_described
        parameters = document["paths"]["/evaluations"]["get"]["parameters"]
        assert (LENGTH.parameter in {parameter["name"] for parameter in parameters}) == is_described


def test_a_path_calls_an_id_an_id() -> None:
    """Each parameter of a path is an `id`, the name of what a workspace defines, or an export's `jobId`."""
    for path, methods in description(BUILT_IN)["paths"].items():
        in_path = re.findall(r"{(\w+)}", path)
        assert {*in_path} <= {"id", "name", "jobId"}, path
        for method in methods.values():
            assert [each["name"] for each in method.get("parameters", ()) if each["in"] == "path"] == in_path
