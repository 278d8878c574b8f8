#!/bin/sh
# certificates.sh FOLDER: two authorities (ca, other) and what they sign: a server for localhost and 127.0.0.1 (server, other-server), a
# server of another name (stranger) and a client (client). PEM: NAME.crt, NAME.key.
set -eu
cd "$1"
sign() { # NAME AUTHORITY SUBJECT EXTENSIONS
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "$3" -out "$1.csr" 2>/dev/null
  printf '%s\n' "$4" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}
for authority in ca other; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$authority.key" -out "$authority.crt" -days 2 \
    -subj "/CN=$authority" 2>/dev/null
done
sign server ca /CN=server 'subjectAltName=DNS:localhost,DNS:kubernetes,IP:127.0.0.1'
sign other-server other /CN=server 'subjectAltName=DNS:localhost,IP:127.0.0.1'
sign stranger ca /CN=stranger 'subjectAltName=DNS:stranger.example'
sign client ca /CN=first/O=testers 'extendedKeyUsage=clientAuth'
sign client2 ca /CN=second/O=testers 'extendedKeyUsage=clientAuth'
