# SPDX-License-Identifier: MIT
"""``serve``: answer over HTTP from the registry."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from fairreg.cli.options import CommandGroup, propose_identifiers, settings
from fairreg.errors import MissingEngine

__all__ = ["register"]


Models = Annotated[
    list[str] | None,
    typer.Option(
        autocompletion=propose_identifiers,
        metavar="PID|FILE",
        help="Model to run for visitors (Open Inference Protocol); may be repeated.",
        show_default=False,
    ),
]
TrustedProxies = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESS",
        help="Address or network of a proxy whose X-Forwarded-For is believed; may be repeated.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.PUBLISH, epilog="Example: fairreg serve --port 8080")(serve)


def serve(
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="Port to listen on; 0 takes a free one.")
    ] = 8080,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Public address, which visitors use: needed with --host 0.0.0.0 or a proxy.",
            show_default=False,
        ),
    ] = None,
    admin_email: Annotated[
        str | None,
        typer.Option(metavar="E-MAIL", help="Address of its keepers, for OAI-PMH.", show_default=False),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Number of processes that answer.")
    ] = 1,
    rate_limit: Annotated[
        float,
        typer.Option(min=0, metavar="N", help="Requests per second of each client; 0 sets no limit."),
    ] = 50,
    trust_proxy: TrustedProxies = None,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Print a line of JSON on standard error for each answer.")
    ] = False,
    models: Models = None,
) -> None:
    """Serve the registry as a web page, to programs and to other registries.

    Reads only. Ends with Ctrl-C, after the requests that it is answering, with exit code 0.
    """
    from fairreg.cli.output import log

    try:
        from fairreg.server.app import Policy
        from fairreg.server.middleware.log import to_stderr
        from fairreg.server.middleware.rates import Proxies
        from fairreg.server.serve import listen
        from fairreg.server.serve import serve as service
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"starlette", "uvicorn"}:
            raise
        raise MissingEngine(str(error.name), "serve") from error
    policy = Policy(rate_limit, Proxies.of(trust_proxy or ()), to_stderr if access_log else None)
    answers = list[str]()
    with listen(host, port) as listening, _ended_by_ctrl_c(answers):
        service(
            settings(),
            listening,
            workers=workers,
            base_url=base_url,
            admin_email=admin_email,
            policy=policy,
            models=tuple(models or ()),
            log=log,
            started=lambda url: _say(url, models or (), answers),
        )
    log("fairreg has stopped.")


@contextmanager
def _ended_by_ctrl_c(answers: list[str]) -> Iterator[None]:
    """Ctrl-C is no failure of a server that answers, whatever it is at when it comes."""
    try:
        yield
    except KeyboardInterrupt:
        if not answers:
            raise


def _say(url: str, models: Iterable[str], answers: list[str]) -> None:
    """Print the addresses of the server and of its models; its own is one of `answers` then."""
    from fairreg.cli.output import log

    answers.append(url)

    for model in models:
        from fairreg.services.run.named_models import model_name

        log(f"{model} runs at {url}/v2/models/{model_name(model)}")
    log(f"fairreg answers at {url}. Stop it with Ctrl-C.")
