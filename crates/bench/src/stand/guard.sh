# A process group for the roles. The pipe closes however the bench ends; then everybody in the group goes, this shell too.
trap '' HUP INT TERM
read -r _
kill -KILL 0
