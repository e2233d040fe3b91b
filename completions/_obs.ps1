
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'obs' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'obs'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'obs' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('collect', 'collect', [CompletionResultType]::ParameterValue, 'Receive telemetry over OTLP and write it to stdout')
            [CompletionResult]::new('sample', 'sample', [CompletionResultType]::ParameterValue, 'Keep a share of the traces, and all errors and slow spans')
            [CompletionResult]::new('relay', 'relay', [CompletionResultType]::ParameterValue, 'Send a stream to an OTLP endpoint')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Keep a stream in a database, and look after it')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a whole pipeline in one process')
            break
        }
        'obs;collect' {
            [CompletionResult]::new('--grpc', '--grpc', [CompletionResultType]::ParameterName, 'Receive OTLP/gRPC on ADDR, or off; port 0 takes a free one [default: 127.0.0.1:4317, off with --synthetic]')
            [CompletionResult]::new('--http', '--http', [CompletionResultType]::ParameterName, 'Receive OTLP/HTTP on ADDR, or off; port 0 takes a free one [default: 127.0.0.1:4318, off with --synthetic]')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Certificate chain of the listeners (PEM); switches TLS on')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Private key of the certificate (PEM)')
            [CompletionResult]::new('--client-ca', '--client-ca', [CompletionResultType]::ParameterName, 'Authority whose certificate clients must show (PEM)')
            [CompletionResult]::new('--bearer-token-file', '--bearer-token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that senders must present')
            [CompletionResult]::new('--cors-origin', '--cors-origin', [CompletionResultType]::ParameterName, 'Let pages of ORIGIN send from a browser, or * all; repeatable [default: none]')
            [CompletionResult]::new('--synthetic', '--synthetic', [CompletionResultType]::ParameterName, 'Make traffic of so many spans a second')
            [CompletionResult]::new('--spans', '--spans', [CompletionResultType]::ParameterName, 'End after so many spans, with the trace that reaches them')
            [CompletionResult]::new('--over', '--over', [CompletionResultType]::ParameterName, 'Spread the traffic over so much past time')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Choose the traffic')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this time (RFC 3339) for the present one')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Encoding of the stream on stdout')
            [CompletionResult]::new('--ledger', '--ledger', [CompletionResultType]::ParameterName, 'Write the closing ledger to FILE, as JSON')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'After SIGTERM or SIGINT, drain for so long at the most')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Serve /healthz, /readyz and /metrics on ADDR')
            [CompletionResult]::new('--self-metrics', '--self-metrics', [CompletionResultType]::ParameterName, 'Add our own metrics to the stream, every 15s or so often')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;sample' {
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Share of the traces to keep: 0.05, 5% or 1/20')
            [CompletionResult]::new('--slow', '--slow', [CompletionResultType]::ParameterName, 'Keep spans that take at least so long, or off [default: 1s]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Share of the traces to keep of one service, by its service.name; repeatable')
            [CompletionResult]::new('--signal', '--signal', [CompletionResultType]::ParameterName, 'Signal of frames that do not say theirs, as the collector''s file exporter writes them')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Encoding of the stream on stdout')
            [CompletionResult]::new('--ledger', '--ledger', [CompletionResultType]::ParameterName, 'Write the closing ledger to FILE, as JSON')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'After SIGTERM or SIGINT, drain for so long at the most')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Serve /healthz, /readyz and /metrics on ADDR')
            [CompletionResult]::new('--self-metrics', '--self-metrics', [CompletionResultType]::ParameterName, 'Add our own metrics to the stream, every 15s or so often')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('--no-errors', '--no-errors', [CompletionResultType]::ParameterName, 'Do not keep spans for being errors')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;relay' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Endpoint, such as http://gateway:4317')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How to speak OTLP [default: grpc]')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'How to compress requests [default: none]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Time that a request may take [default: 10s]')
            [CompletionResult]::new('--headers-file', '--headers-file', [CompletionResultType]::ParameterName, 'File with headers to send, a line each: NAME: VALUE')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Authorities to trust instead of the system''s (PEM)')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Our certificate for the peer (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of our certificate (PEM)')
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Most items in a request [default: 8192]')
            [CompletionResult]::new('--batch-bytes', '--batch-bytes', [CompletionResultType]::ParameterName, 'Most bytes in a request, uncompressed')
            [CompletionResult]::new('--batch-timeout', '--batch-timeout', [CompletionResultType]::ParameterName, 'How long a batch may wait for others [default: until no request is under way, at most 200ms]')
            [CompletionResult]::new('--buffer-capacity', '--buffer-capacity', [CompletionResultType]::ParameterName, 'Items (of 1 KiB) that may wait before the input is read more slowly [default: 30000]')
            [CompletionResult]::new('--max-concurrent-exports', '--max-concurrent-exports', [CompletionResultType]::ParameterName, 'Requests that may be under way at once [default: 8]')
            [CompletionResult]::new('--give-up-after', '--give-up-after', [CompletionResultType]::ParameterName, 'How long to try a request')
            [CompletionResult]::new('--dead-letter', '--dead-letter', [CompletionResultType]::ParameterName, 'Append what cannot be delivered to FILE, as NDJSON')
            [CompletionResult]::new('--signal', '--signal', [CompletionResultType]::ParameterName, 'Signal of frames that do not say theirs, as the collector''s file exporter writes them')
            [CompletionResult]::new('--ledger', '--ledger', [CompletionResultType]::ParameterName, 'Write the closing ledger to FILE, as JSON')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'After SIGTERM or SIGINT, drain for so long at the most')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Serve /healthz, /readyz and /metrics on ADDR')
            [CompletionResult]::new('--self-metrics', '--self-metrics', [CompletionResultType]::ParameterName, 'Add our own metrics to the stream, every 15s or so often')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;store' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: obs.db]')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Mask what must not be kept: [ACTION:]NAME[=~REGEX]; repeatable')
            [CompletionResult]::new('--flush-interval', '--flush-interval', [CompletionResultType]::ParameterName, 'Commit items that nobody waits for after so long; others at once')
            [CompletionResult]::new('--durability', '--durability', [CompletionResultType]::ParameterName, 'What a committed item survives')
            [CompletionResult]::new('--commit-log', '--commit-log', [CompletionResultType]::ParameterName, 'Record every commit in FILE, as a line of JSON a segment')
            [CompletionResult]::new('--signal', '--signal', [CompletionResultType]::ParameterName, 'Signal of frames that do not say theirs, as the collector''s file exporter writes them')
            [CompletionResult]::new('--ledger', '--ledger', [CompletionResultType]::ParameterName, 'Write the closing ledger to FILE, as JSON')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'After SIGTERM or SIGINT, drain for so long at the most')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Serve /healthz, /readyz and /metrics on ADDR')
            [CompletionResult]::new('--self-metrics', '--self-metrics', [CompletionResultType]::ParameterName, 'Add our own metrics to the stream, every 15s or so often')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'What is in the database, in figures')
            [CompletionResult]::new('services', 'services', [CompletionResultType]::ParameterValue, 'The services that are in it')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write what is in it as a stream')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that all of it can be read; exit code 1 if not')
            [CompletionResult]::new('compact', 'compact', [CompletionResultType]::ParameterValue, 'Merge small segments, and give free space back')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete what is old or too much, and give its space back')
            break
        }
        'obs;store;stats' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: obs.db]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the report [default: table on a terminal, tsv elsewhere]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;store;services' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: obs.db]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the report [default: table on a terminal, tsv elsewhere]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;store;export' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: obs.db]')
            [CompletionResult]::new('--signal', '--signal', [CompletionResultType]::ParameterName, 'Only this signal')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Only this service; repeatable')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'From so long ago')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'From this time on: RFC 3339, now or now-2h')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Before this time')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this for the present, for results that can be repeated')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Encoding of the stream on stdout')
            [CompletionResult]::new('--ledger', '--ledger', [CompletionResultType]::ParameterName, 'Write the closing ledger to FILE, as JSON')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'After SIGTERM or SIGINT, drain for so long at the most')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Serve /healthz, /readyz and /metrics on ADDR')
            [CompletionResult]::new('--self-metrics', '--self-metrics', [CompletionResultType]::ParameterName, 'Add our own metrics to the stream, every 15s or so often')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;store;check' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: obs.db]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;store;compact' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: obs.db]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;store;prune' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: obs.db]')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Delete segments all of whose items are older [default: storage.retention_days, if that is set]')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'Delete the oldest segments until the database is no larger, such as 10GiB')
            [CompletionResult]::new('--rollups-older-than', '--rollups-older-than', [CompletionResultType]::ParameterName, 'Delete counts a minute and an hour that are older [default: 400d, or what items are kept if that is longer]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this for the present, for results that can be repeated')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'obs;run' {
            [CompletionResult]::new('--ack', '--ack', [CompletionResultType]::ParameterName, 'When a sender is told that its request is accepted')
            [CompletionResult]::new('--branch-buffer', '--branch-buffer', [CompletionResultType]::ParameterName, 'Bytes that may wait before each branch of tee, so that a slow one does not stop the others at once')
            [CompletionResult]::new('--workers', '--workers', [CompletionResultType]::ParameterName, 'Threads that receive, transform and send [default: one a core, at most 4]')
            [CompletionResult]::new('--graph', '--graph', [CompletionResultType]::ParameterName, 'Only draw the pipeline')
            [CompletionResult]::new('--ledger', '--ledger', [CompletionResultType]::ParameterName, 'Write the closing ledger to FILE, as JSON')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'After SIGTERM or SIGINT, drain for so long at the most')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Serve /healthz, /readyz and /metrics on ADDR')
            [CompletionResult]::new('--self-metrics', '--self-metrics', [CompletionResultType]::ParameterName, 'Add our own metrics to the stream, every 15s or so often')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file (YAML) [default: ./obs.yaml if there is one]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on stderr [default: text]')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Only check the pipeline, its arguments and the configuration')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say less: -q only warnings, -qq only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: -v debug, -vv trace')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
