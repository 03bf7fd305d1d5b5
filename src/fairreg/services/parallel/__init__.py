# SPDX-License-Identifier: MIT
"""Run tasks in parallel, in threads or on a Dask cluster."""
