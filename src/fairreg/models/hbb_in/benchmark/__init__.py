# SPDX-License-Identifier: MIT
"""Benchmark of one network on every runtime: loading, running, agreement and throughput.

It produces Table 8 and Figure 4 of Duarte et al. 2023, 10.1088/2632-2153/ad12e3. Read in the order
candidates, results, measurement, machine, utilisation, plot.
"""
