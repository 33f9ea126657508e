"""The shape of a feed file, section by section: which settings there are, and of which type.

What only makes sense between settings (columns that exist, modes that fit together) is checked
where the sections become a :class:`penstock.model.Feed`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    model_validator,
)

from penstock.config.places import python_function, source_uri, table_name
from penstock.config.scalars import (
    Bytes,
    Count,
    Flag,
    Seconds,
    Share,
    Text,
    Texts,
    Type,
    Written,
    WrittenList,
    Zone,
    as_text,
    choice,
)
from penstock.config.tree import Leaf
from penstock.model.feed import Evolution, FileFormat, Mode, OnClash, Overwrites

_RELOAD = "write overwrites: fail, or drop the corrected file under a new name"
_NULLABLE = ("null", "keep")


class Section(BaseModel):
    """A mapping of settings; names that are not declared are refused.

    ``short``: the setting that a single value or a list stands for, in place of the mapping.
    """

    # Built when first used: a feed needs about half of them.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    short: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        single = isinstance(value, list) or (isinstance(value, Leaf) and not value.is_null)
        return {cls.short: value} if cls.short and single else value


class FeedFile(Section):
    """The top of a feed file; the sections are read one by one with the models below."""

    feed: Text
    source: object
    columns: object
    schema_: object = Field(default=None, alias="schema")
    transform: object = None
    quality: object = None
    target: object


class DiscoverySection(Section):
    mode: Annotated[
        Literal["listing", "files"],
        choice(("listing", "files"), later={"events": "write mode: listing"}),
    ] = "listing"
    max_files_per_batch: Count = 1000
    max_bytes_per_batch: Bytes = 10 * 1024**3
    settle: Seconds = 0.0
    overwrites: Annotated[Overwrites, choice(get_args(Overwrites), later={"reload": _RELOAD})] = (
        "fail"
    )


class SourceSection(Section):
    path: Annotated[str, BeforeValidator(as_text), AfterValidator(source_uri)]
    format: Annotated[FileFormat, choice(get_args(FileFormat))] = "auto"
    match: Text | None = None
    timezone: Zone = "UTC"
    options: dict[str, Written] = {}
    discovery: DiscoverySection = DiscoverySection()


class ColumnSection(Section):
    short = "type"
    type: Type
    required: Flag = False
    format: Text | None = None
    from_: Text | None = Field(default=None, alias="from")
    trim: Flag = True
    null_values: WrittenList = ()
    allowed: WrittenList = ()
    min: Written | None = None
    max: Written | None = None
    pattern: Written | None = None
    max_bytes: Count | None = None


class SchemaSection(Section):
    evolution: Annotated[
        Evolution,
        choice(get_args(Evolution), later={"addNewColumnsWithTypeWidening": "use add_new_columns"}),
    ] = "rescue"


class WindowSection(Section):
    column: Text
    month: Text | None = None
    start: Text | None = None
    end: Text | None = None
    outside: Annotated[Literal["keep", "drop"], choice(("keep", "drop"))] = "keep"


class EmailCompanySection(Section):
    short = "column"
    column: Text
    output: Text = "company"
    domain_output: Text = "email_domain"
    free_mail: Annotated[Literal["null", "keep"], choice(_NULLABLE, null="null")] = "null"
    invalid: Annotated[
        Literal["null", "quarantine"], choice(("null", "quarantine"), null="null")
    ] = "null"
    overrides: object = None


class DedupeSection(Section):
    ignore: Texts = ()


class UuidClashSection(Section):
    key: Texts = ()
    order_by: Texts = ()
    on_clash: Annotated[OnClash, choice(get_args(OnClash))] = "rekey"


class TrimSection(Section):
    short = "columns"
    columns: Texts


class NullValuesSection(Section):
    columns: Texts
    values: WrittenList


class PythonSection(Section):
    short = "function"
    function: Annotated[str, BeforeValidator(as_text), AfterValidator(python_function)]
    adds: dict[str, Type] = {}


class FillSection(RootModel[dict[str, Written]]):
    """Column to value."""


STEPS: dict[str, type[BaseModel]] = {
    "window": WindowSection,
    "email_company": EmailCompanySection,
    "dedupe": DedupeSection,
    "uuid_clash": UuidClashSection,
    "fill": FillSection,
    "trim": TrimSection,
    "null_values": NullValuesSection,
    "python": PythonSection,
}
"""Steps of ``transform`` by name."""


class QualitySection(Section):
    expectations: Text | None = None
    max_quarantined: Share | None = None
    max_attempts: Count = 3


class HistorySection(Section):
    column: Text
    days: Count


class RedshiftSection(Section):
    dist: Text | None = None
    sort: Texts = ()


class TargetSection(Section):
    connection: Text
    table: Annotated[str, BeforeValidator(as_text), AfterValidator(table_name)]
    mode: Annotated[
        Mode,
        choice(
            get_args(Mode),
            synonyms={
                "merge": "upsert",
                "update": "upsert",
                "overwrite": "replace",
                "truncate": "replace",
                "insert": "append",
            },
        ),
    ] = "append"
    key: Texts = ()
    version_column: Text | None = None
    history: object = None
    write: Annotated[Literal["copy", "jdbc"], choice(("copy", "jdbc"))] = "copy"
    redshift: RedshiftSection = RedshiftSection()


class ConnectionSection(Section):
    """An entry of ``connections.yml``. ``iam``, ``s3_staging`` and ``copy_role``: Redshift."""

    type: Annotated[Literal["postgres", "redshift"], choice(("postgres", "redshift"))]
    embedded: Flag = False
    url: Text | None = None
    host: Text | None = None
    port: Count | None = None
    database: Text | None = None
    user: Text | None = None
    password: Text | None = None
    sslmode: Annotated[
        str | None,
        choice(("disable", "allow", "prefer", "require", "verify-ca", "verify-full")),
    ] = None
    iam: Flag | None = None
    s3_staging: Text | None = None
    copy_role: Text | None = None


SECTIONS: dict[str, type[Section]] = {
    "": FeedFile,
    "source": SourceSection,
    "source.discovery": DiscoverySection,
    "columns.*": ColumnSection,
    "schema": SchemaSection,
    "quality": QualitySection,
    "target": TargetSection,
    "target.history": HistorySection,
    "target.redshift": RedshiftSection,
    "window": WindowSection,
    "email_company": EmailCompanySection,
    "dedupe": DedupeSection,
    "uuid_clash": UuidClashSection,
    "trim": TrimSection,
    "null_values": NullValuesSection,
    "python": PythonSection,
}
"""Every section by the name that messages give it; ``*`` is a name of the user's."""


def names(section: type[BaseModel]) -> list[str]:
    """The settings of a section as written in the file."""
    return [f.alias or name for name, f in section.model_fields.items()]
