#!/bin/sh
# Stands in for a worker of another release, or none at all: says what the protocol does not know and stays.
echo "hello" >&3
exec sleep 60
