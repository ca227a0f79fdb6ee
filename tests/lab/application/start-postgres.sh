#!/bin/sh
# Starts PostgreSQL in $PGDATA. As usual images do, it makes a new, empty database where it finds
# none: a volume that came back empty looks healthy from outside.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  echo "no database in $PGDATA, making a new one"
  printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
  initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust \
    --auth-host=scram-sha-256 --no-locale --encoding=UTF8 --wal-segsize=4 --no-sync
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$PGDATA" postgres > /dev/null
  # Invoices: written once, never changed.
  mkdir -p "$PGDATA/../archive/2026"
  for number in 1 2 3 4 5; do
    head -c 20000 /dev/urandom > "$PGDATA/../archive/2026/invoice-$number.bin"
  done
fi
# With fsGroup the kubelet opens the volume's files to the group, and PostgreSQL refuses those.
chmod 0700 "$PGDATA"
# One checkpoint an hour, and the one that the backup's hook asks for: between those the files
# of the tables stay as they are while they are copied, and the log brings them up to date.
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp \
  -c shared_buffers=16MB -c max_connections=40 -c fsync=off \
  -c checkpoint_timeout=1h -c max_wal_size=512MB -c timezone=Etc/UTC -c log_timezone=Etc/UTC
