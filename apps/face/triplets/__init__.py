"""The triplet loss, the mining of triplets, and a small linear map that learns with it in view."""
