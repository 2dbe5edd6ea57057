# Sourced by ./dev: breaks rules one by one, in a copy of the tree below build/mutate, and says which test saw it.

run_mutate() { # what tests/mutate/mutate.py takes
    install_group build && install_group run && install_group test || return 1
    /usr/bin/python3 -B tests/mutate/mutate.py "$@"
}
