// The chosen tab's name goes into the address.
() => window.hubLinks.follow();
