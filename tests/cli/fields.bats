# SPDX-License-Identifier: MIT
# Everything else that names fields agrees with the tables of lib/event: schemas, the manual page, jq programs, the
# site, completions, columns of the store.
load documents

setup() {
	fields=${PINPIPE_BUILD:-$tree/build}/bin/fields
	cd "$BATS_TEST_TMPDIR" || return
	"$fields" list >list
}

names_of() { # TYPE...: prints the names of their fields
	local type
	for type; do
		awk -v type="$type" '$1 == type { print $2 }' list
	done | sort -u
}

all_names() { awk '{ print $2 }' list | sort -u; }

@test "each event_type has a schema, and no schema is of another" {
	diff <("$fields" types | sort) <(basename -s .schema.json "$tree"/share/schema/* | sort)
}

@test "schemas are those of the tables" {
	for type in $("$fields" types); do
		diff "$tree/share/schema/$type.schema.json" <("$fields" schema "$type")
	done
}

@test "the list of pinpipe-events(5) is that of the tables" {
	diff <(sed -n '/^\.\\" fields:/,/^\.\\" end/{//!p}' "$tree/man/pinpipe-events.5") <("$fields" page)
}

# Prints the names behind ".It Cm" in subsections of the page.
told_in() { # SUBSECTION...
	local section
	for section; do
		sed -n "/^\.Ss $section\$/,/^\.S[sh] /{/^\.It Cm /p}" "$tree/man/pinpipe-events.5"
	done | sed 's/^\.It Cm //; s/ , /\n/g' | grep -v '^ *$' | sort -u
}

@test "pinpipe-events(5) tells of each field, and of no other" {
	for type in $("$fields" types); do
		sections=("All events" "$type")
		case $type in
		icmp | lost | ports) ;;
		usage) sections+=(Processes) ;;
		*) sections+=(Processes Sockets) ;;
		esac
		case $type in tcp | udp) sections[1]='tcp , udp' ;; esac
		told_in "${sections[@]}" >told
		names_of "$type" >names
		if [ "$type" = ports ]; then names_of ports owners >names; fi
		if [ "$type" = lost ]; then # the page names some fields in the text
			sed -n '/^\.Ss lost$/,/^\.S/p' "$tree/man/pinpipe-events.5" | grep -oE '[a-z_]+' | sort -u >>told
			sort -uo told told
		fi
		comm -13 told names >untold
		sed "s/^/$type: not on the page: /" untold
		[ ! -s untold ]
	done
	told_in 'All events' icmp Processes Sockets 'tcp , udp' conn deny usage ports lost |
		grep -vxE 'connect|sendmsg|bind|create|egress|ingress|label' | comm -23 - <(all_names) >unknown
	cat unknown
	[ ! -s unknown ]
}

# Prints the fields that a jq program reads from its input: .name, and {name} for {name: .name}. Names of the documents
# that it writes stand before colons or in quotes.
read_by() { # JQ-FILE
	sed -E 's/^ *#.*//; s/ # .*//; s/\\\(/" /g; s/"[^"]*"/""/g' "$1" | tr '\n' ' ' | sed 's/[{,]/\n&/g' |
		grep -oE '(^|[^a-zA-Z0-9_)."])\.[a-z_][a-z0-9_]*|^[{,] *[a-z_][a-z0-9_]* *($|\})' |
		grep -oE '[a-z_][a-z0-9_]*' | sort -u
}

@test "jq programs read fields that there are" {
	for program in "$tree"/share/jq/*.jq; do
		read_by "$program" >read
		[ "$(wc -l <read)" -gt 30 ]
		# Leaves out entries of objects, and what a program defines itself.
		grep -vxE 'value|key' read | grep -vxFf <(grep -oE '^def [a-z]+' "$program" | cut -c5-) |
			comm -23 - <(all_names) >unknown
		cat unknown
		[ ! -s unknown ]
	done
}

@test "the site reads fields that there are" {
	cd "$tree/tools/web/site"
	grep -ohE '\bevent\??\.[a-z_]+' sentences.js closing.js icmp.js words.js | sed 's/.*\.//' | sort -u \
		>"$BATS_TEST_TMPDIR/read"
	cd "$BATS_TEST_TMPDIR"
	[ "$(wc -l <read)" -gt 30 ]
	comm -23 read <(all_names) >unknown
	cat unknown
	[ ! -s unknown ]
}

@test "completions offer each stream" {
	streams=$("$fields" types | grep -vx lost | paste -sd' ')
	grep -F "compgen -W \"$streams all\"" "$tree/share/completions/pinpipe.bash"
	grep -F "stream:($streams all)" "$tree/share/completions/_ebpf-read"
}

# A field with a column is not in the text of other members; export prints what went in.
@test "ebpf-store gives each field of usage back" {
	line='{"v":1'
	while read -r _ name type _; do
		case $name:$type in
		v:*) ;;
		event_type:*) line+=',"event_type":"usage"' ;;
		byte_layer:*) line+=',"byte_layer":"socket"' ;;
		timestamp:*) line+=',"timestamp":1795000000123' ;;
		timestamp_us:*) line+=',"timestamp_us":1795000000123456' ;;
		total:*) ;; # such lines are in no sum: they are kept whole
		*:number) line+=",\"$name\":7" ;;
		*:string) line+=",\"$name\":\"$name\"" ;;
		esac
	done < <(grep '^usage ' list)
	echo "$line}" | ebpf-store one.db
	diff <(ebpf-store export one.db) <(echo "$line}")
}
