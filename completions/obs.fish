# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_obs_global_optspecs
    string join \n config= q/quiet v/verbose log-format= h/help V/version
end

function __fish_obs_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_obs_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_obs_using_subcommand
    set -l cmd (__fish_obs_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c obs -n "__fish_obs_needs_command" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_needs_command" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_needs_command" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_needs_command" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_needs_command" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_needs_command" -f -a "collect" -d 'Receive telemetry over OTLP and write it to stdout'
complete -c obs -n "__fish_obs_needs_command" -f -a "sample" -d 'Keep a share of the traces, and all errors and slow spans'
complete -c obs -n "__fish_obs_needs_command" -f -a "relay" -d 'Send a stream to an OTLP endpoint'
complete -c obs -n "__fish_obs_needs_command" -f -a "store" -d 'Keep a stream in a database, and look after it'
complete -c obs -n "__fish_obs_needs_command" -f -a "query" -d 'Search traces and logs, in a database or a stream'
complete -c obs -n "__fish_obs_needs_command" -f -a "capacity" -d 'Plan machines, disk, network and money for a load'
complete -c obs -n "__fish_obs_needs_command" -f -a "run" -d 'Run a whole pipeline in one process'
complete -c obs -n "__fish_obs_using_subcommand collect" -l grpc -d 'Receive OTLP/gRPC on ADDR, or off; port 0 takes a free one [default: 127.0.0.1:4317, off with --synthetic]' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l http -d 'Receive OTLP/HTTP on ADDR, or off; port 0 takes a free one [default: 127.0.0.1:4318, off with --synthetic]' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l tls-cert -d 'Certificate chain of the listeners (PEM); switches TLS on' -r -F
complete -c obs -n "__fish_obs_using_subcommand collect" -l tls-key -d 'Private key of the certificate (PEM)' -r -F
complete -c obs -n "__fish_obs_using_subcommand collect" -l client-ca -d 'Authority whose certificate clients must show (PEM)' -r -F
complete -c obs -n "__fish_obs_using_subcommand collect" -l bearer-token-file -d 'File with the bearer token that senders must present' -r -F
complete -c obs -n "__fish_obs_using_subcommand collect" -l cors-origin -d 'Let pages of ORIGIN send from a browser, or * all; repeatable [default: none]' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l synthetic -d 'Make traffic of so many spans a second' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l spans -d 'End after so many spans, with the trace that reaches them' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l over -d 'Spread the traffic over so much past time' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l seed -d 'Choose the traffic' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l now -d 'Take this time (RFC 3339) for the present one' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l format -d 'Encoding of the stream on stdout' -r -f -a "ndjson\t'OTLP JSON Lines'
proto\t'Length-prefixed protobuf frames'"
complete -c obs -n "__fish_obs_using_subcommand collect" -l ledger -d 'Write the closing ledger to FILE, as JSON' -r -F
complete -c obs -n "__fish_obs_using_subcommand collect" -l drain-timeout -d 'After SIGTERM or SIGINT, drain for so long at the most' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l health -d 'Serve /healthz, /readyz and /metrics on ADDR' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l self-metrics -d 'Add our own metrics to the stream, every 15s or so often' -r
complete -c obs -n "__fish_obs_using_subcommand collect" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand collect" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand collect" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand collect" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand collect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand collect" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand sample" -l rate -d 'Share of the traces to keep: 0.05, 5% or 1/20' -r
complete -c obs -n "__fish_obs_using_subcommand sample" -l slow -d 'Keep spans that take at least so long, or off [default: 1s]' -r
complete -c obs -n "__fish_obs_using_subcommand sample" -l service -d 'Share of the traces to keep of one service, by its service.name; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand sample" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand sample" -l format -d 'Encoding of the stream on stdout' -r -f -a "ndjson\t'OTLP JSON Lines'
proto\t'Length-prefixed protobuf frames'"
complete -c obs -n "__fish_obs_using_subcommand sample" -l ledger -d 'Write the closing ledger to FILE, as JSON' -r -F
complete -c obs -n "__fish_obs_using_subcommand sample" -l drain-timeout -d 'After SIGTERM or SIGINT, drain for so long at the most' -r
complete -c obs -n "__fish_obs_using_subcommand sample" -l health -d 'Serve /healthz, /readyz and /metrics on ADDR' -r
complete -c obs -n "__fish_obs_using_subcommand sample" -l self-metrics -d 'Add our own metrics to the stream, every 15s or so often' -r
complete -c obs -n "__fish_obs_using_subcommand sample" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand sample" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand sample" -l no-errors -d 'Do not keep spans for being errors'
complete -c obs -n "__fish_obs_using_subcommand sample" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand sample" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand sample" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand sample" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand relay" -l to -d 'Endpoint, such as http://gateway:4317' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l protocol -d 'How to speak OTLP [default: grpc]' -r -f -a "grpc\t'OTLP/gRPC'
http/protobuf\t'OTLP/HTTP with protobuf bodies'
http/json\t'OTLP/HTTP with JSON bodies'"
complete -c obs -n "__fish_obs_using_subcommand relay" -l compression -d 'How to compress requests [default: none]' -r -f -a "none\t'Not at all'
gzip\t'gzip, at its fastest level'
zstd\t'zstd, at level 1; not every receiver knows it'"
complete -c obs -n "__fish_obs_using_subcommand relay" -l timeout -d 'Time that a request may take [default: 10s]' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l headers-file -d 'File with headers to send, a line each: NAME: VALUE' -r -F
complete -c obs -n "__fish_obs_using_subcommand relay" -l ca -d 'Authorities to trust instead of the system\'s (PEM)' -r -F
complete -c obs -n "__fish_obs_using_subcommand relay" -l cert -d 'Our certificate for the peer (PEM)' -r -F
complete -c obs -n "__fish_obs_using_subcommand relay" -l key -d 'The private key of our certificate (PEM)' -r -F
complete -c obs -n "__fish_obs_using_subcommand relay" -l batch-size -d 'Most items in a request [default: 8192]' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l batch-bytes -d 'Most bytes in a request, uncompressed' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l batch-timeout -d 'How long a batch may wait for others [default: until no request is under way, at most 200ms]' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l buffer-capacity -d 'Items (of 1 KiB) that may wait before the input is read more slowly [default: 30000]' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l max-concurrent-exports -d 'Requests that may be under way at once [default: 8]' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l give-up-after -d 'How long to try a request' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l dead-letter -d 'Append what cannot be delivered to FILE, as NDJSON' -r -F
complete -c obs -n "__fish_obs_using_subcommand relay" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l ledger -d 'Write the closing ledger to FILE, as JSON' -r -F
complete -c obs -n "__fish_obs_using_subcommand relay" -l drain-timeout -d 'After SIGTERM or SIGINT, drain for so long at the most' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l health -d 'Serve /healthz, /readyz and /metrics on ADDR' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l self-metrics -d 'Add our own metrics to the stream, every 15s or so often' -r
complete -c obs -n "__fish_obs_using_subcommand relay" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand relay" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand relay" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand relay" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand relay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand relay" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l redact -d 'Mask what must not be kept: [ACTION:]NAME[=~REGEX]; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l flush-interval -d 'Commit items that nobody waits for after so long; others at once' -r
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l durability -d 'What a committed item survives' -r -f -a "process\t'A killed process'
power\t'A power cut too: every commit waits for the disk'"
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l commit-log -d 'Record every commit in FILE, as a line of JSON a segment' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l ledger -d 'Write the closing ledger to FILE, as JSON' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l drain-timeout -d 'After SIGTERM or SIGINT, drain for so long at the most' -r
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l health -d 'Serve /healthz, /readyz and /metrics on ADDR' -r
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l self-metrics -d 'Add our own metrics to the stream, every 15s or so often' -r
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -a "stats" -d 'What is in the database, in figures'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -a "services" -d 'The services that are in it'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -a "export" -d 'Write what is in it as a stream'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -a "check" -d 'Check that all of it can be read; exit code 1 if not'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -a "compact" -d 'Merge small segments, and give free space back'
complete -c obs -n "__fish_obs_using_subcommand store; and not __fish_seen_subcommand_from stats services export check compact prune" -a "prune" -d 'Delete what is old or too much, and give its space back'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from stats" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from services" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l signal -d 'Only this signal' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l service -d 'Only this service; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l format -d 'Encoding of the stream on stdout' -r -f -a "ndjson\t'OTLP JSON Lines'
proto\t'Length-prefixed protobuf frames'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l ledger -d 'Write the closing ledger to FILE, as JSON' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l drain-timeout -d 'After SIGTERM or SIGINT, drain for so long at the most' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l health -d 'Serve /healthz, /readyz and /metrics on ADDR' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l self-metrics -d 'Add our own metrics to the stream, every 15s or so often' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from check" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from check" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from check" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from compact" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from compact" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from compact" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from compact" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from compact" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from compact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from compact" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -l older-than -d 'Delete segments all of whose items are older [default: storage.retention_days, if that is set]' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -l max-size -d 'Delete the oldest segments until the database is no larger, such as 10GiB' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -l rollups-older-than -d 'Delete counts a minute and an hour that are older [default: 400d, or what items are kept if that is longer]' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand store; and __fish_seen_subcommand_from prune" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "services" -d 'The services, how much they do, how often they fail and how long they take'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "operations" -d 'The operations of a service'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "traces" -d 'Search traces'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "trace" -d 'Show a trace'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "bottlenecks" -d 'Where the time of many traces goes'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "compare" -d 'Compare two traces'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "deps" -d 'Which services call which'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "logs" -d 'Search log records'
complete -c obs -n "__fish_obs_using_subcommand query; and not __fish_seen_subcommand_from services operations traces trace bottlenecks compare deps logs sql" -f -a "sql" -d 'Ask in SQL'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l sort -d 'What comes first' -r -f -a "requests\t'The most requests, calls or spans'
errors\t'The most errors'
error-rate\t'The highest share of errors'
p50\t'The highest median'
p95\t'The highest 95th percentile'
p99\t'The highest 99th percentile'
name\t'The name'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l limit -d 'Rows at the most; 0 is all [default: 20]' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from services" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l sort -d 'What comes first' -r -f -a "requests\t'The most requests, calls or spans'
errors\t'The most errors'
error-rate\t'The highest share of errors'
p50\t'The highest median'
p95\t'The highest 95th percentile'
p99\t'The highest 99th percentile'
name\t'The name'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l limit -d 'Rows at the most; 0 is all [default: 20]' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from operations" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -s s -l service -d 'Of this service' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -s o -l operation -d 'Of this operation' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -s t -l tag -d 'With this attribute; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l where -d 'What passes this query, in the language of obs query logs' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l min-duration -d 'Traces that take so long, or longer' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l max-duration -d 'Traces that take so long, or shorter' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l sort -d 'Order of the traces [default: newest, or that of --after]' -r -f -a "newest\t'By start, the latest first'
oldest\t'By start, the earliest first'
longest\t'By duration, the longest first'
shortest\t'By duration, the shortest first'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l limit -d 'Traces that are shown, 0 for all' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l after -d 'Go on behind this cursor, which a search before has given' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l format -d 'Form of what is found [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON each'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l errors -d 'With the status ERROR'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l span-duration -d 'Take these for durations of the span instead of the whole trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -l exit-code -d 'Exit with 1 where nothing is found'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from traces" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l format -d 'Form of the trace [default: table on a terminal and with --attributes or --logs, tsv elsewhere]' -r -f -a "table\t'A tree with bars, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a span'
otlp\t'The spans as a stream, encoded as OBS_FORMAT says'
html\t'A page for a browser'
csv\t'Comma-separated, a row a span'
tsv\t'Tab-separated, a row a span'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l attributes -d 'Show attributes, events and links under each span'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l logs -d 'Show the trace\'s log records, under the spans that wrote them'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l collapse -d 'Fold runs of spans that do the same and did not fail [default: on a terminal, in traces of more than 200 spans]'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l expand -d 'Fold nothing'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -l utc -d 'Show times in UTC instead of local times'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from trace" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -s s -l service -d 'Of this service' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -s o -l operation -d 'Of this operation' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -s t -l tag -d 'With this attribute; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l where -d 'What passes this query, in the language of obs query logs' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l min-duration -d 'Traces that take so long, or longer' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l max-duration -d 'Traces that take so long, or shorter' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l limit -d 'Operations that are shown, 0 for all' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l errors -d 'With the status ERROR'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -l span-duration -d 'Take these for durations of the span instead of the whole trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from bottlenecks" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l collapse -d 'Fold runs of spans that do the same, are alike in both and did not fail [default: on a terminal, of more than 200 rows]'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l expand -d 'Fold nothing'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -l utc -d 'Show times in UTC instead of local times'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from compare" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l service -d 'Only calls of this service and to it' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l depth -d 'Also those of its neighbours: up to so many calls away' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l sort -d 'What comes first' -r -f -a "requests\t'The most requests, calls or spans'
errors\t'The most errors'
error-rate\t'The highest share of errors'
p50\t'The highest median'
p95\t'The highest 95th percentile'
p99\t'The highest 99th percentile'
name\t'The name'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l limit -d 'Rows at the most; 0 is all [default: 20]' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a call'
dot\t'A diagram for Graphviz'
mermaid\t'A diagram for Mermaid, which Markdown may hold'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from deps" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l sort -d 'Order of the records' -r -f -a "newest\t'The latest first'
oldest\t'The earliest first'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -s n -l limit -d 'Records that are shown, 0 for all' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l after -d 'Go on behind this cursor, which a search before has given' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -s C -l context -d 'Show so many records of the same source before and behind each, in the order of the list' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l count-by -d 'Count by this field, as | count by FIELD does; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l format -d 'Form of what is found [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON each'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -s f -l follow -d 'Show the last records, and new ones as they are stored; those of a stream as they come'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l trace -d 'Show the spans of the traces that the records belong to'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l attributes -d 'Show the attributes of the records'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -l exit-code -d 'Exit with 1 where nothing is found'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from logs" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -l format -d 'Form of the rows [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people; all rows are kept in memory'
json\t'One JSON document'
ndjson\t'A JSON object a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -l schema -d 'Show the tables and their columns'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand query; and __fish_seen_subcommand_from sql" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l spans -d 'Spans a second, on average' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l peak -d 'The busiest minute, by the average [default: 2.5]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l size -d 'Bytes of a span on the wire, uncompressed [default: 1 KiB]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l errors -d 'Share of spans with an error, which a sampler keeps [default: 1 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l error-size -d 'A span with an error is so many times as large as one without [default: 3]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l growth -d 'Growth of the load, as 10%/month [default: 0 % a month]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l horizon -d 'Months ahead that the plan is for [default: 6 months]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l rate -d 'Share of the other traces that the sampler keeps [default: 5 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l retention -d 'How long spans stay in the hot tier [default: 7 days]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l warm -d 'How long they stay in the warm tier after that [default: 0 days]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l cold -d 'How long they stay in the cold tier after that [default: 0 days]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l stored -d 'Bytes in the store, with all that searches need, for each byte on the wire [default: 0.2]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l headroom -d 'Room on a disk for what is merged, deleted and to come, as a factor [default: 1.25]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l replication -d 'Copies of everything [default: 1]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l collect-speed -d 'Spans a second and core that collect handles [default: 3.4M/s per core]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l sample-speed -d 'Spans a second and core that sample handles [default: 3.5M/s per core]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l relay-speed -d 'Spans a second and core that relay handles [default: 2.25M/s per core]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l store-speed -d 'Spans a second and core that store handles [default: 430k/s per core]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l compress-speed -d 'Spans a second and core that are compressed (zstd) to be sent [default: 2.9M/s per core]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l decompress-speed -d 'Spans a second and core that are decompressed [default: 7M/s per core]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l speed-size -d 'Bytes of the spans that these speeds were measured with [default: 349 B]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l per-byte -d 'Share of the work of all but the store that grows with the size of a span [default: 40 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l utilisation -d 'Share of a core that is to be used at the peak [default: 65 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l replica-cores -d 'Most cores of one gateway [default: 4 cores]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l min-replicas -d 'Fewest gateways [default: 3]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l spare -d 'Gateways that may fail while all else goes on [default: 1]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l zones -d 'Zones; the load survives the loss of one [default: 3]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l nodes -d 'Nodes with an agent each; 0 where programs send to the gateways [default: 20]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l burst -d 'How bursty requests arrive: the squared coefficient of variation, 1 is random [default: 4]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l request -d 'Spans in a request [default: 512]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l base-memory -d 'Memory of a gateway or an agent without load [default: 18 MiB]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l memory-size -d 'Bytes in memory for each byte on the wire of a span under way [default: 1.2]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l store-memory -d 'Memory of a store and of a search in it [default: 260 MiB]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l batch-timeout -d 'How long a batch waits for others [default: 200 ms]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l decision-wait -d 'How long a tail sampler holds spans before it decides [default: 0 s]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l outage -d 'How long the backend may be away while gateways hold what is kept [default: 30 s]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l compression-in -d 'Compression of what agents send (zstd); 1 is none [default: 5]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l compression-out -d 'Compression of what gateways send (zstd); 1 is none [default: 5]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l overhead -d 'What TLS, gRPC and TCP add [default: 5 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l retries -d 'What is sent again [default: 1 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l fanout -d 'Backends that everything goes to [default: 1]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l cross-zone -d 'Share of the traffic that goes to any zone, not to the nearest one [default: 100 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l egress -d 'Share of what goes out that leaves for the internet [default: 0 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l nat -d 'Share of what comes in that goes through a NAT gateway [default: 0 %]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l queries -d 'Searches a month [default: 100k a month]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l query-time -d 'CPU time of a search [default: 300 ms]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l query-objects -d 'Objects that a search reads where tiers keep objects, by the days that each keeps [default: 20]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l object-size -d 'Bytes of an object there [default: 1 MiB]' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l prometheus -d 'Ask a Prometheus server, such as http://localhost:9090, what it has seen, of the last day unless a time is given' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l prometheus-match -d 'Only series with these labels, such as \'job="agent"\': spans that pass several collectors are counted by each' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l prometheus-headers-file -d 'File with headers for it, a line each: NAME: VALUE' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l since -d 'From so long ago' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l from -d 'From this time on: RFC 3339, a local time such as 2026-11-21T10:00, now or now-2h' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l to -d 'Before this time' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l model -d 'The formulas: those with peaks, failures and stock, or simple ones in common use' -r -f -a "full\t'Peaks, failures, queues, stock, sampling and compression on the way'
simple\t'Planning formulas in common use, for comparison'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l profile -d 'What obs capacity calibrate has measured' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l prices -d 'Replace prices that obs brings along by those in FILE (YAML)' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l price -d 'Take one price, or class of storage, instead: ebs_gp3=0.07, hot=disk_nvme; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l max-cost -l budget -d 'Dollars a month; unless a rate is given or it is checked, the highest sampling rate that keeps within it is found' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l max-cores -d 'Cores in all; the same' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l max-storage -d 'What lies on all tiers, such as 2TiB; the same' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l what-if -d 'Compare values of an input, such as rate=0.01,0.05,1; repeated, all combinations' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l emit -d 'Write a deployment of the plan instead of a report' -r -f -a "k8s\t'Manifests for Kubernetes'
compose\t'A local system with Prometheus, Grafana and Jaeger, for Docker Compose'
systemd\t'Units for systemd, with their configuration'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l output -d 'Write its files to DIR instead of stdout' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l image -d 'Image of its containers' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l namespace -d 'Its namespace' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l backend -d 'OTLP/gRPC endpoint that everything goes to, instead of a store of our own' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l binary -d 'The binary that units start' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, with charts, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated: a row for every input and result'
tsv\t'Tab-separated, the same'
markdown\t'Markdown, for a page that is kept'
html\t'A page for a browser'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l utc -d 'Take times without an offset for UTC instead of local times, and show times in UTC'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l check -d 'Exit with 1 where a limit is exceeded'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l all -d 'Show all inputs and what each does to the cost'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -l explain -d 'Show every formula with its numbers'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -a "calibrate" -d 'Measure this machine with your own telemetry'
complete -c obs -n "__fish_obs_using_subcommand capacity; and not __fish_seen_subcommand_from calibrate cost" -a "cost" -d 'What it costs to keep what a database holds'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l db -d 'The database whose spans are used' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l output -d 'Where the profile goes' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l rounds -d 'Measurements of each stage' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l spans -d 'Spans that a stage reads; at most so many of the sample are used' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l load-time -d 'How long a load lasts at which latency is measured' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l seed -d 'Choose synthetic traffic, and the ids of repeated spans' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from calibrate" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l format -d 'Form of the report [default: table on a terminal, tsv elsewhere]' -r -f -a "table\t'Aligned, for people'
json\t'One JSON document'
ndjson\t'A line of JSON a row'
csv\t'Comma-separated'
tsv\t'Tab-separated'
otlp\t'A stream of metrics, encoded as OBS_FORMAT says'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l db -d 'The database [default: obs.db]' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l signal -d 'Signal of frames that do not say theirs, as the collector\'s file exporter writes them' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l prices -d 'Replace prices that obs brings along by those in FILE (YAML)' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l price -d 'Take one price, or class of storage, instead: ebs_gp3=0.07, hot=disk_nvme; repeatable' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l now -d 'Take this for the present, for results that can be repeated' -r
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand capacity; and __fish_seen_subcommand_from cost" -s V -l version -d 'Print version'
complete -c obs -n "__fish_obs_using_subcommand run" -l ack -d 'When a sender is told that its request is accepted' -r -f -a "on-accept\t'When it has a place in the queue of every relay'
on-delivery\t'When the peer of every relay has it'"
complete -c obs -n "__fish_obs_using_subcommand run" -l branch-buffer -d 'Bytes that may wait before each branch of tee, so that a slow one does not stop the others at once' -r
complete -c obs -n "__fish_obs_using_subcommand run" -l workers -d 'Threads that receive, transform and send [default: one a core, at most 4]' -r
complete -c obs -n "__fish_obs_using_subcommand run" -l graph -d 'Only draw the pipeline' -r -f -a "text\t'A tree'
mermaid\t'A flowchart for Mermaid'"
complete -c obs -n "__fish_obs_using_subcommand run" -l ledger -d 'Write the closing ledger to FILE, as JSON' -r -F
complete -c obs -n "__fish_obs_using_subcommand run" -l drain-timeout -d 'After SIGTERM or SIGINT, drain for so long at the most' -r
complete -c obs -n "__fish_obs_using_subcommand run" -l health -d 'Serve /healthz, /readyz and /metrics on ADDR' -r
complete -c obs -n "__fish_obs_using_subcommand run" -l self-metrics -d 'Add our own metrics to the stream, every 15s or so often' -r
complete -c obs -n "__fish_obs_using_subcommand run" -l config -d 'Configuration file (YAML) [default: ./obs.yaml if there is one]' -r -F
complete -c obs -n "__fish_obs_using_subcommand run" -l log-format -d 'Form of the messages on stderr [default: text]' -r -f -a "text\t'A line of text'
json\t'A JSON object a line'"
complete -c obs -n "__fish_obs_using_subcommand run" -l check -d 'Only check the pipeline, its arguments and the configuration'
complete -c obs -n "__fish_obs_using_subcommand run" -s q -l quiet -d 'Say less: -q only warnings, -qq only errors'
complete -c obs -n "__fish_obs_using_subcommand run" -s v -l verbose -d 'Say more: -v debug, -vv trace'
complete -c obs -n "__fish_obs_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c obs -n "__fish_obs_using_subcommand run" -s V -l version -d 'Print version'
