"""Programs that made what the hub bundles. The hub never imports them."""
