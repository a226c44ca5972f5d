#!/bin/sh
# Adds integrations to the receivers of alertmanager.yml, as the environment names them, and starts Alertmanager.
#   ALERT_WEBHOOK_URL        told of everything
#   ALERT_SLACK_WEBHOOK_URL  told of everything
#   ALERT_PAGERDUTY_KEY      told of what is critical
# $1: the folder of alertmanager.yml; $2: the folder to write to, where only this user may read; the rest goes to
# Alertmanager. ALERTMANAGER names its program.
set -eu
source_folder=$1
target_folder=$2
shift 2
umask 077

# A value as YAML takes it between single quotes, on one line.
quoted() {
  printf "'%s'" "$(printf '%s' "$1" | tr -d '\r\n' | sed "s/'/''/g")"
}

receiver() {
  printf '  - name: %s\n' "$1"
  if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then
    printf '    webhook_configs:\n      - url: %s\n        send_resolved: true\n' "$(quoted "$ALERT_WEBHOOK_URL")"
  fi
  if [ -n "${ALERT_SLACK_WEBHOOK_URL:-}" ]; then
    printf '    slack_configs:\n      - api_url: %s\n        send_resolved: true\n' "$(quoted "$ALERT_SLACK_WEBHOOK_URL")"
    printf "        title: '%s'\n        text: '%s'\n" \
      '{{ .Status }}: {{ .CommonAnnotations.summary }}' \
      '{{ range .Alerts }}{{ .Annotations.description }} ({{ .Annotations.runbook_url }}) {{ end }}'
  fi
  if [ "$1" = page ] && [ -n "${ALERT_PAGERDUTY_KEY:-}" ]; then
    printf '    pagerduty_configs:\n      - routing_key: %s\n        send_resolved: true\n' "$(quoted "$ALERT_PAGERDUTY_KEY")"
  fi
}

if [ -z "${ALERT_WEBHOOK_URL:-}${ALERT_SLACK_WEBHOOK_URL:-}${ALERT_PAGERDUTY_KEY:-}" ]; then
  echo 'nobody is told of alerts: ALERT_WEBHOOK_URL, ALERT_SLACK_WEBHOOK_URL and ALERT_PAGERDUTY_KEY are not set' >&2
fi

{
  sed '/^receivers:/q' "$source_folder/alertmanager.yml"
  receiver page
  receiver ticket
} >"$target_folder/alertmanager.yml"

exec "${ALERTMANAGER:-/bin/alertmanager}" --config.file="$target_folder/alertmanager.yml" "$@"
