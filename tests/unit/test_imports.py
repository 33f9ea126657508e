"""What import-linter's contracts cannot say: a list of what is allowed, nothing else."""

from __future__ import annotations

import sys

import grimp


def test_transforms_import_pyspark_and_the_standard_library_alone() -> None:
    graph = grimp.build_graph(
        "penstock", include_external_packages=True, exclude_type_checking_imports=True
    )
    own = {"penstock.transform", *graph.find_descendants("penstock.transform")}
    imported = {name for module in own for name in graph.find_modules_directly_imported_by(module)}
    outside = {name.split(".")[0] for name in imported - own}
    assert outside - sys.stdlib_module_names == {"pyspark"}
