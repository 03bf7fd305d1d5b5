# SPDX-License-Identifier: MIT
"""Whatever an assistant passes as arguments, it gets an answer or one sentence."""

import mcp_types as types
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from mcp.shared.exceptions import MCPError

from fairreg.server.mcp.protocol import mcp_server
from fairreg.server.mcp.tools import TOOLS, find_tool, schema_of
from fairreg.server.site import Site
from support.awkward_records import HOSTILE as HOSTILE_RECORD
from support.awkward_records import LARGE, TWINS, WITHDRAWN
from support.examples import examples
from support.hostile import HOSTILE

pytestmark = pytest.mark.engines("sqlite")

RECORDS = st.sampled_from([LARGE, WITHDRAWN, HOSTILE_RECORD, TWINS[0], "10.5281/zenodo.7305227"])
TEXTS = HOSTILE | st.text(st.characters(), max_size=40) | st.text("[]{}\\\"'%_*^-0", max_size=2100)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXTS,
    RECORDS,
    st.sampled_from(["model", "2020-2021", "fair", "bibtex", "json"]),
    st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)


def arguments_of(name):
    """Arguments by the names of a tool, with values of any kind, and now and then another name."""
    known = list(schema_of(find_tool(name).arguments)["properties"]) or ["none"]
    named = st.dictionaries(st.sampled_from(known), VALUES, max_size=4)
    return named | st.dictionaries(TEXTS, VALUES, max_size=2)


NAMES = st.sampled_from([tool.name for tool in TOOLS])
CALLS = NAMES.flatmap(lambda name: st.tuples(st.just(name), arguments_of(name)))


@pytest.fixture(scope="module")
def answer(settings_of_module):
    """Answers a request past the client, which sends no surrogates and no numbers that JSON lacks."""
    server = mcp_server(Site(settings_of_module, ""))
    with start_blocking_portal() as portal:
        yield lambda method, asked: portal.call(server.get_request_handler(method).handler, None, asked)


@given(asked=CALLS)
@hypothesis_settings(max_examples=examples(300))
def test_any_arguments_have_an_answer_or_a_sentence(answer, asked):
    name, arguments = asked
    result = answer("tools/call", types.CallToolRequestParams.model_construct(name=name, arguments=arguments))
    (told,) = result.content
    told.text.encode()  # no surrogates, which the protocol could not carry
    if result.is_error:
        assert 0 < len(told.text) <= 1000
        assert "\n" not in told.text
        assert "fault of the server" not in told.text
        assert "registry cannot be read" not in told.text
    else:
        types.CallToolResult.model_validate(result.model_dump()).model_dump_json()


@given(uri=TEXTS | (RECORDS | TEXTS).map("fairreg://record/{}".format))
@hypothesis_settings(max_examples=examples(100))
def test_any_address_has_a_document_or_an_error_of_the_protocol(answer, uri):
    try:
        result = answer("resources/read", types.ReadResourceRequestParams.model_construct(uri=uri))
        told = result.contents[0].text
    except MCPError as error:
        told = str(error.code)
    assert told.startswith("{") or told == "-32602"
