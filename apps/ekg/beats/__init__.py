"""From a recording to beats: filtering, the QRS detector, windows around the peaks, intervals and likenesses."""
