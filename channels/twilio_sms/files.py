"""From where the files of SMS and WhatsApp messages may come: Twilio's API with our password, and where it sends us on."""

from __future__ import annotations

from urllib.parse import urlsplit

from channels.media import Account, Sources
from config.settings import Settings


def sources_of(settings: Settings) -> Sources:
    """The hosts for `channels.media.fetch`. Only the API itself is told who we are."""
    api = urlsplit(settings.twilio_api_url)
    on_this_machine = api.scheme == "http"
    return Sources(
        hosts=frozenset(settings.twilio_media_hosts) | (frozenset() if on_this_machine else {api.netloc}),
        accounts={api.netloc: Account(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value())},
        own=frozenset({api.netloc}) if on_this_machine else frozenset(),
    )
