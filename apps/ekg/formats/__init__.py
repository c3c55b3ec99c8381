"""The files that recordings come in (WFDB, EDF, text, a watch's export), read as leads in millivolts."""
