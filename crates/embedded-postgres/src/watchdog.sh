# $1: a directory to remove at the end, or nothing. The rest: the server's command line.
exec 3<&0 </dev/null
remove=$1
shift
watch() {
  trap '' HUP INT TERM
  if read -r over <&3; then exit; fi
  kill -INT $$
  if [ -n "$remove" ]; then
    waited=0
    while [ -e "$remove/cluster/postmaster.pid" ] && [ $waited -lt 100 ]; do
      sleep 0.1
      waited=$((waited + 1))
    done
    rm -rf "$remove"
  fi
}
# Twice removed: the server takes a child that it does not know, and that is killed, for a crash of its own.
(watch >/dev/null 2>&1 &)
exec "$@" 3<&-
