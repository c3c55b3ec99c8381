"""The triplet loss, the mining of triplets, and a small head that learns with it in view."""
