"""The tab: upload, the paper strip, a look inside one beat, the figures."""
