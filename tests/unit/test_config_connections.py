"""Connections, and secrets that stay out of files and messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.config import connection_named, load_connections
from penstock.config.tree import Leaf
from penstock.config.urls import build_postgres_url, expand, has_literal_secret, is_secret_key
from penstock.config.variables import substitute
from penstock.errors import ConfigError
from penstock.model import Connection
from tests.support.config_files import Conf, changed, said

ENVIRON = {"PGUSER": "loader", "PGPASSWORD": "p@ss/w:rd?"}
FILE = "conf/connections.yml"


def _connect(
    tmp_path: Path, entry: str, *, target: str = "dev", home: str = ".penstock"
) -> Connection:
    conf = Conf(tmp_path, f"warehouse: {entry}\n")
    return conf.load(environ=ENVIRON, target=target, home=home).target.connection


def test_the_target_picks_one_of_a_connections_environments(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    dev = conf.load(target="dev").target.connection
    prod = conf.load(target="prod", environ=ENVIRON).target.connection
    assert dev == Connection(
        name="warehouse", type="postgres", embedded=True, label="postgres embedded in .penstock"
    )
    assert prod == Connection(
        name="warehouse",
        type="postgres",
        url="postgresql://loader:p%40ss%2Fw%3Ard%3F@db.example.com/wh",
        label="postgres db.example.com/wh",
    )


def test_a_flat_connection_serves_every_target(tmp_path: Path) -> None:
    entry = "{type: postgres, embedded: true}"
    assert _connect(tmp_path, entry, target="anything").embedded


def test_variables_of_other_targets_and_connections_need_no_value(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write(
        "connections.yml",
        "warehouse:\n  dev: {type: postgres, embedded: true}\n"
        '  prod: {type: postgres, url: "${ABSENT}"}\nother: {type: postgres, url: "${ABSENT}"}\n',
    )
    assert conf.load().target.connection.embedded


@pytest.mark.parametrize(
    ("entry", "url", "label"),
    [
        (
            "{type: postgres, host: db, database: wh}",
            "postgresql://db/wh",
            "postgres db/wh",
        ),
        (
            '{type: postgres, host: db, port: 5433, database: "my wh", user: "${PGUSER}", '
            'password: "${PGPASSWORD}", sslmode: verify-full}',
            "postgresql://loader:p%40ss%2Fw%3Ard%3F@db:5433/my%20wh?sslmode=verify-full",
            "postgres db:5433/my wh",
        ),
        (
            "{type: postgres, host: /run/pg, database: wh}",
            "postgresql:///wh?host=%2Frun%2Fpg",
            "postgres /run/pg/wh",
        ),
        (
            '{type: postgres, host: "::1", database: wh}',
            "postgresql://[::1]/wh",
            "postgres ::1/wh",
        ),
        (
            '{type: postgres, url: "postgres://u@db:5432/wh?sslmode=require"}',
            "postgresql://u@db:5432/wh?sslmode=require",
            "postgres db/wh",
        ),
        (
            '{type: postgres, url: "postgresql://db/wh?user=u&password=${PGPASSWORD}"}',
            "postgresql://db/wh?user=u&password=p%40ss%2Fw%3Ard%3F",
            "postgres db/wh",
        ),
    ],
)
def test_a_connection_becomes_a_url_and_a_label_without_secrets(
    tmp_path: Path, entry: str, url: str, label: str
) -> None:
    connection = _connect(tmp_path, entry)
    assert (connection.url, connection.label) == (url, label)
    assert (connection.name, connection.type, connection.embedded) == (
        "warehouse",
        "postgres",
        False,
    )
    assert "p@ss" not in repr(connection)
    assert "p%40ss" not in repr(connection)


def test_a_url_that_is_one_variable_is_taken_as_it_stands(tmp_path: Path) -> None:
    conf = Conf(tmp_path, 'warehouse: {type: postgres, url: "${URL}"}\n')
    connection = conf.load(environ={"URL": "postgresql://u:a%40b@db/wh"}).target.connection
    assert connection.url == "postgresql://u:a%40b@db/wh"
    assert connection.label == "postgres db/wh"


def test_a_redshift_connection_is_read(tmp_path: Path) -> None:
    entry = (
        "{type: redshift, host: c.eu.redshift.amazonaws.com, database: dw, iam: true, "
        "s3_staging: s3://acme/stage/, copy_role: arn}"
    )
    assert _connect(tmp_path, entry) == Connection(
        name="warehouse",
        type="redshift",
        url="redshift://c.eu.redshift.amazonaws.com:5439/dw",
        label="redshift c.eu.redshift.amazonaws.com/dw",
    )


def test_a_feed_may_name_the_embedded_server(tmp_path: Path) -> None:
    text = changed(("connection: warehouse", "connection: embedded"))
    connection = Conf(tmp_path, connections=None).load(text, home="/data/home").target.connection
    assert connection == Connection(
        name="embedded", type="postgres", embedded=True, label="postgres embedded in /data/home"
    )


def test_a_feed_may_name_a_url(tmp_path: Path) -> None:
    text = changed(
        ("connection: warehouse", 'connection: "postgresql://${PGUSER}:${PGPASSWORD}@db/wh"')
    )
    connection = Conf(tmp_path, connections=None).load(text, environ=ENVIRON).target.connection
    assert connection.url == "postgresql://loader:p%40ss%2Fw%3Ard%3F@db/wh"
    assert connection.label == "postgres db/wh"


def test_a_remote_home_needs_a_real_warehouse(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal(home="s3://acme/home") == said(
        (
            2,
            "warehouse.dev.embedded is the embedded server, which needs a local folder, "
            "and PENSTOCK_HOME is s3://acme/home",
            "name a real warehouse, or set PENSTOCK_HOME to a folder",
        ),
        file=FILE,
    )


@pytest.mark.parametrize(
    ("connection", "sentence", "hint"),
    [
        (
            "warehuse",
            'is "warehuse", which is not in conf/connections.yml',
            "did you mean warehouse?",
        ),
        (
            "zzz",
            'is "zzz", which is not in conf/connections.yml',
            "its connections are warehouse",
        ),
        (
            "mysql://u@db/wh",
            "must be a URL postgresql://..., not mysql://",
            "write postgresql://user@host:port/database",
        ),
        (
            "jdbc:postgresql://db/wh",
            "must be a URL postgresql://..., not jdbc:postgresql://",
            "write postgresql://user@host:port/database",
        ),
        (
            "postgresql+psycopg://db/wh",
            "must be a URL postgresql://..., not postgresql+psycopg://",
            "write postgresql://user@host:port/database",
        ),
        (
            "postgresql://db:port/wh",
            "is not a valid URL",
            "percent-encode special characters, and check host and port",
        ),
    ],
)
def test_a_wrong_connection_of_a_feed_is_explained(
    tmp_path: Path, connection: str, sentence: str, hint: str
) -> None:
    text = changed(("connection: warehouse", f"connection: {connection}"))
    assert Conf(tmp_path).refusal(text) == said((25, f"target.connection {sentence}", hint))


def test_a_missing_connections_file_is_named(tmp_path: Path) -> None:
    assert Conf(tmp_path, connections=None).refusal() == said(
        (
            25,
            'target.connection is "warehouse", and there is no conf/connections.yml',
            "write that file, or connection: embedded",
        )
    )


def test_a_blank_connection_is_refused_once(tmp_path: Path) -> None:
    text = changed(("connection: warehouse", 'connection: "${WAREHOUSE}"'))
    assert Conf(tmp_path).refusal(text, environ={"WAREHOUSE": " "}) == said(
        (
            25,
            "target.connection must be text, and is blank",
            "give it a value, or remove the line",
        )
    )


def test_a_connection_from_the_environment_is_never_printed(tmp_path: Path) -> None:
    text = changed(("connection: warehouse", 'connection: "${WAREHOUSE}"'))
    environ = {"WAREHOUSE": "host=db password=hunter2"}
    assert Conf(tmp_path).refusal(text, environ=environ) == said(
        (
            25,
            "target.connection is the value of ${WAREHOUSE}, which is not in conf/connections.yml",
            "its connections are warehouse",
        )
    )


def test_an_unknown_target_is_named(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal(target="prdo") == said(
        (1, "warehouse has no target prdo", "did you mean prod?"), file=FILE
    )


@pytest.mark.parametrize(
    ("entry", "sentence", "hint"),
    [
        ("{type: mysql}", None, None),
        (
            "{type: postgres}",
            "warehouse does not say where the server is",
            "write embedded: true, url: postgresql://..., or host: and database:",
        ),
        ("{type: postgres, host: db}", "warehouse needs database", "add database"),
        (
            "{type: postgres, url: postgresql://db/wh, host: db, port: 1}",
            "warehouse has url and also host, port",
            "remove url, or the rest",
        ),
        (
            "{type: postgres, embedded: true, url: postgresql://db/wh}",
            "warehouse has embedded and also url",
            "remove embedded, or the rest",
        ),
        (
            "{type: postgres, embedded: true, copy_role: x}",
            "warehouse.copy_role is for type redshift only",
            "remove it",
        ),
        (
            "{type: redshift, embedded: true, host: a, database: b}",
            "warehouse.embedded is not for type redshift",
            "write host: and database:",
        ),
        ("{type: redshift, host: a}", "warehouse needs database", "add database"),
        (
            "{type: postgres, host: db, database: wh, sslmode: maybe}",
            "warehouse.sslmode must be one of disable, allow, prefer, require, verify-ca, "
            'verify-full, not "maybe"',
            "write one of them",
        ),
        (
            '{type: postgres, url: "${ABSENT}"}',
            "warehouse.url needs ${ABSENT}, which is not set",
            "export ABSENT=...",
        ),
        (
            "{type: postgres, hots: db}",
            "warehouse.hots is not a setting",
            "did you mean warehouse.host?",
        ),
        ("embedded", 'warehouse must be a mapping of settings, not "embedded"', None),
    ],
)
def test_a_wrong_entry_is_explained(
    tmp_path: Path, entry: str, sentence: str | None, hint: str | None
) -> None:
    message = Conf(tmp_path, f"warehouse: {entry}\n").refusal()
    assert message.startswith(f"{FILE}:1: {sentence or 'warehouse.type must be one of'}")
    if hint is not None:
        assert message == said((1, str(sentence), hint), file=FILE)


def test_a_connections_file_is_a_mapping(tmp_path: Path) -> None:
    assert Conf(tmp_path, "- warehouse\n").refusal() == said(
        (1, "must be a mapping", "write  name: {type: postgres, ...}"), file=FILE
    )


def test_a_connections_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    conf = Conf(tmp_path, connections=None)
    (conf.dir / "connections.yml").mkdir()
    assert conf.refusal() == (
        "conf/connections.yml: cannot be read: is a directory\n  hint: check its rights"
    )


def test_a_connection_cannot_be_called_embedded(tmp_path: Path) -> None:
    connections = (
        "embedded: {type: postgres, host: a, database: b}\n"
        "warehouse: {type: postgres, embedded: true}\n"
    )
    assert Conf(tmp_path, connections).refusal() == said(
        (
            1,
            "embedded cannot be the name of a connection",
            "rename it: feeds write it for the embedded server",
        ),
        file=FILE,
    )


def test_problems_of_feed_and_connections_are_reported_together(tmp_path: Path) -> None:
    conf = Conf(tmp_path, "warehouse: {type: postgres}\n")
    assert conf.refusal(changed(("60s", "soon"))) == "\n".join(
        [
            said(
                (
                    11,
                    'source.discovery.settle must be a duration, not "soon"',
                    "write for example 60s, 5m, 2h or 1d",
                )
            ),
            said(
                (
                    1,
                    "warehouse does not say where the server is",
                    "write embedded: true, url: postgresql://..., or host: and database:",
                ),
                file=FILE,
            ),
        ]
    )


def test_all_connections_of_a_target_are_loaded(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write(
        "connections.yml",
        "a:\n  dev: {type: postgres, embedded: true}\n"
        "b:\n  prod: {type: postgres, host: db, database: wh}\n"
        "c: {type: postgres, host: db, database: wh}\n",
    )

    def names(target: str) -> list[str]:
        found = load_connections(
            conf.dir, variables={}, environ={}, target=target, home=".penstock"
        )
        return list(found)

    assert names("dev") == ["a", "c"]
    assert names("prod") == ["b", "c"]


def test_no_connections_file_holds_none(tmp_path: Path) -> None:
    assert load_connections(tmp_path, variables={}, environ={}, home=".penstock") == {}


def test_one_connection_is_found_by_name_url_or_as_embedded(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    prod = connection_named("warehouse", conf_dir=conf.dir, target="prod", environ=ENVIRON)
    assert prod.label == "postgres db.example.com/wh"
    url = connection_named("postgresql://u@db/wh", conf_dir=conf.dir)
    assert url.label == "postgres db/wh"
    assert connection_named("embedded", conf_dir=conf.dir, home="/h").embedded


@pytest.mark.parametrize(
    ("name", "connections", "message"),
    [
        (
            "warehuse",
            "warehouse: {type: postgres, embedded: true}\n",
            'the connection is "warehuse", which is not in conf/connections.yml\n'
            "  hint: did you mean warehouse?",
        ),
        (
            "warehouse",
            None,
            "there is no conf/connections.yml\n  hint: write that file, or name embedded or a URL",
        ),
        (
            "mysql://db/wh",
            None,
            "the connection must be a URL postgresql://..., not mysql://\n"
            "  hint: write postgresql://user@host:port/database",
        ),
    ],
)
def test_a_connection_that_does_not_exist_is_refused(
    tmp_path: Path, name: str, connections: str | None, message: str
) -> None:
    conf = Conf(tmp_path, connections)
    with pytest.raises(ConfigError) as caught:
        connection_named(name, conf_dir=conf.dir)
    assert conf.shown(caught.value) == message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@db/wh",
        "postgresql://u:hun/ter@db/wh",
        "postgresql://u:hun?ter2@db/wh",
        "postgresql://u:@?hunter2@db/wh",
        "postgresql://u:hun?ter2@db",
        "postgresql://u:a${PGPASSWORD}@db/wh",
        "postgresql://u:${PGPASSWORD:-hunter2}@db/wh",
        "${URL:-postgresql://u:hunter2@db/wh}",
        "jdbc:redshift://u:hunter2@c/wh",
        "https://u:hunter2@host/x",
        "postgresql://db/wh?password=hunter2",
        "host=db user=u password = hunter2",
        "password=hunter2 host=db",
        "postgresql://db/wh?user=u&sslpassword=hunter2",
    ],
)
def test_passwords_in_urls_are_found(url: str) -> None:
    assert has_literal_secret(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/wh",
        "postgresql://u@db:5432/wh?application_name=a@b",
        "postgresql://${PGUSER}:${PGPASSWORD}@db/wh",
        "postgresql://${PGUSER:-me}:${var:password}@db/wh",
        "postgresql://db/wh?password=${PGPASSWORD}&sslmode=require",
        "${WAREHOUSE_URL}",
        "host=db password=${PGPASSWORD} sslmode=require",
        "s3://bucket/a:b@c/",
        "file:///data/x:y@z/",
        "events_<day:yyyy>@x",
    ],
)
def test_addresses_without_a_password_pass(url: str) -> None:
    assert not has_literal_secret(url)


@pytest.mark.parametrize("name", ["password", "PASSWORD", "pwd", "aws_secret_access_key", "token"])
def test_settings_that_hold_secrets_are_known_by_name(name: str) -> None:
    assert is_secret_key(name)


@pytest.mark.parametrize("name", ["user", "passwords_file", "key", "token_count", "compass"])
def test_other_settings_hold_no_secret(name: str) -> None:
    assert not is_secret_key(name)


def test_a_secret_in_a_file_is_refused_and_never_printed(tmp_path: Path) -> None:
    conf = Conf(
        tmp_path,
        "warehouse: {type: postgres, host: db, database: wh, password: hunter2}\n"
        "other: {type: postgres, url: 'postgresql://u:hunter2@db/wh'}\n",
    )
    text = changed(("  mode: append", "  api_token: hunter2\n  mode: append"))
    message = conf.refusal(text)
    assert "hunter2" not in message
    assert message == "\n".join(
        [
            said(
                (
                    27,
                    "target.api_token holds a secret in plain text",
                    "write ${API_TOKEN} there, and export API_TOKEN=...",
                ),
                (
                    27,
                    "target.api_token is not a setting",
                    "target takes connection, table, mode, key, version_column, history, write, "
                    "redshift",
                ),
            ),
            said(
                (
                    1,
                    "warehouse.password holds a secret in plain text",
                    "write ${PGPASSWORD} there, and export PGPASSWORD=...",
                ),
                (
                    2,
                    "other.url holds a secret in plain text",
                    "write ${PGPASSWORD} there, and export PGPASSWORD=...",
                ),
                file=FILE,
            ),
        ]
    )


def test_a_column_may_be_called_token(tmp_path: Path) -> None:
    text = changed(("  amount:", "  token: string\n  amount:"))
    assert Conf(tmp_path).load(text).columns[3].name == "token"


def test_parts_of_a_url_are_encoded() -> None:
    url = build_postgres_url("db", None, "a/b", "me@x", "p:w", "")
    assert url == "postgresql://me%40x:p%3Aw@db/a%2Fb"


def test_only_login_and_parameters_of_a_url_are_encoded() -> None:
    raw = "postgresql://${U}@${H}/${D}?sslmode=${S}"
    environ = {"U": "a@b", "H": "h1,h2", "D": "wh", "S": "re&q"}
    leaf = Leaf(raw, pieces=substitute(raw, {}, environ))
    assert expand(leaf) == "postgresql://a%40b@h1,h2/wh?sslmode=re%26q"
