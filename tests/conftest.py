"""Fixtures for all tests: the real servers, each in a file of its own under tests/servers/."""

pytest_plugins = (
    "tests.servers.redis",
    "tests.servers.postgres",
    "tests.servers.dovecot",
    "tests.servers.smtp",
    "tests.servers.certificates",
)
