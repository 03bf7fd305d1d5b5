# SPDX-License-Identifier: MIT
"""An open sample of H->bb and QCD jets: generated, smeared, clustered, with the features of the network.

Read in the order processes (Pythia), smearing (a parametrised detector), clustering (FastJet), impact,
vertexing, features, block (all of these steps), ntuple (the ROOT file), record (the metadata of the sample).
It is not CMS simulation: no pile-up, no material, no fake tracks, no trigger, no jet energy corrections.
"""
