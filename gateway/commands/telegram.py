"""Commands over Telegram's webhook: announcing it, withdrawing it, and how it does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import typer

from gateway.commands.terminal import emit, say, settings_for, stop

if TYPE_CHECKING:
    from channels.telegram_bot.bot import Access
    from channels.telegram_bot.webhook import WebhookInfo
    from config.settings import Settings

telegram = typer.Typer(
    help="Telegram's webhook: telling Telegram where to post, telling it to stop, and how it does.",
    no_args_is_help=True,
)
# Telegram posts to these ports only (Bot API, setWebhook).
_PORTS: Final = (443, 80, 88, 8443)


@telegram.command()
def announce() -> None:
    """Tell Telegram to post updates to this house, with the secret of GUICHET_TELEGRAM_WEBHOOK_SECRET.

    To be run once, and after each change of the secret, the token or the public address. May be run again at any time.
    """
    from channels.telegram_bot.bot import a_bot, announce_webhook
    from channels.telegram_bot.routes import PATH

    settings, access = _bot()
    secret = settings.telegram_webhook_secret.get_secret_value()
    if not secret:
        raise stop("GUICHET_TELEGRAM_WEBHOOK_SECRET is not set: without it the webhook does not exist", 2)
    address = settings.base_url + PATH
    if (wrong := _unreachable(address)) and access.api == "https://api.telegram.org":
        raise stop(f"GUICHET_PUBLIC_URL: {wrong}", 2)

    async def work() -> bool:
        async with a_bot(access) as bot:
            return await announce_webhook(bot, url=address, secret=secret)

    if not asyncio.run(work()):
        _info(access)
        raise stop("Telegram knows the bot and did not take the address; try again, and see whether it is public")
    say(f"Telegram posts updates to {address}")


@telegram.command()
def withdraw() -> None:
    """Tell Telegram to post no more, before polling for instance. What waits there is kept for 24 hours."""
    from channels.telegram_bot.bot import a_bot, withdraw_webhook

    _, access = _bot()

    async def work() -> bool:
        async with a_bot(access) as bot:
            return await withdraw_webhook(bot)

    if not asyncio.run(work()):
        _info(access)
        raise stop("Telegram did not withdraw the webhook; try again")
    say("Telegram posts no updates any more")


@telegram.command()
def status() -> None:
    """What Telegram says of the webhook: where it posts, how much waits, and its last trouble. Ends with 1 when it is not as the
    settings want it."""
    from channels.telegram_bot.routes import PATH

    settings, access = _bot()
    info = _info(access)
    wanted = settings.base_url + PATH if settings.telegram_webhook_secret.get_secret_value() else ""
    emit(f"posts to   {info.url or 'nowhere'}")
    emit(f"waiting    {info.waiting}")
    if info.trouble:
        emit(f"trouble    {info.trouble}" + (f" ({info.trouble_at:%Y-%m-%d %H:%M} UTC)" if info.trouble_at else ""))
    if info.url != wanted:
        what = (
            f"should post to {wanted}: guichet telegram announce"
            if wanted
            else "should not post: guichet telegram withdraw"
        )
        raise stop(f"Telegram {what}")


def _bot() -> tuple[Settings, Access]:
    from channels.telegram_bot.bot import access_of

    settings = settings_for()
    access = access_of(settings)
    if access is None:
        raise stop("GUICHET_TELEGRAM_TOKEN is not set: there is no bot", 2)
    return settings, access


def _info(access: Access) -> WebhookInfo:
    """What Telegram says of the webhook. Ends the command in words when it says nothing."""
    from telegram.error import InvalidToken, TelegramError

    from channels.telegram_bot.webhook import ask

    try:
        return asyncio.run(ask(access))
    except InvalidToken:
        raise stop("Telegram knows no bot with the token of GUICHET_TELEGRAM_TOKEN", 2) from None
    except TelegramError:
        raise stop("Telegram cannot be reached") from None


def _unreachable(address: str) -> str:
    """Why Telegram would not post there; empty when it may."""
    parts = urlsplit(address)
    if parts.scheme != "https":
        return "Telegram posts to https addresses only"
    return "" if (parts.port or 443) in _PORTS else f"Telegram posts to the ports {', '.join(map(str, _PORTS))} only"


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(telegram, name="telegram")
