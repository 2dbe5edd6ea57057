# Sourced by what runs a harness: how long its inputs may get, and how many a short run has (one to two seconds).

longest() { # $1 = harness
    case $1 in request) echo 2048 ;; multipart) echo 1024 ;; query) echo 2500 ;; *) echo 512 ;; esac
}

short_runs() { # $1 = harness
    case $1 in request) echo 1500 ;; identity | phc | catalogue | settings | keyring) echo 4000 ;; *) echo 10000 ;; esac
}
