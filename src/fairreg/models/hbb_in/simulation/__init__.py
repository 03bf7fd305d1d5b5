# SPDX-License-Identifier: MIT
"""An open sample of H->bb and QCD jets: generated, smeared, clustered and described as the network sees them.

Read in the order processes (Pythia), smearing (a parametrised detector), clustering (FastJet), impact,
vertexing, features, block (all of them together), ntuple (the ROOT file), record (what the sample is). It is
not CMS simulation: no pile-up, no material, no fake tracks, no trigger, no jet energy corrections.
"""
