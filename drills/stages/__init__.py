"""The stages of a drill: each a function from what is known to what it adds."""
