#!/bin/sh
# Whether a worker of this container's pool answers at its socket.
pool=$(tr '\0' '\n' </proc/1/environ | sed -n 's/^STOREFRONT_POOL=//p')
REQUEST_METHOD=GET DOCUMENT_URI=/healthz REMOTE_ADDR=127.0.0.1 \
    cgi-fcgi -bind -connect "/run/storefront/$pool.sock" | grep -q '^Status: 200'
