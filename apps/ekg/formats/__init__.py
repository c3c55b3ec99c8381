"""The files that recordings come in (WFDB, EDF, text, an Apple Watch's export), read as leads in millivolts."""
