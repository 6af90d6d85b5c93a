{{- define "taktstream.name" -}}
{{- $name := .Values.fullnameOverride | default (contains "taktstream" .Release.Name | ternary .Release.Name (printf "%s-taktstream" .Release.Name)) -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- /* What never changes: selectors and claims are immutable. */ -}}
{{- define "taktstream.selector" -}}
app.kubernetes.io/name: taktstream
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "taktstream.labels" -}}
{{ include "taktstream.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "taktstream.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default (printf "%s%s" $.Chart.AppVersion (gt (int $.Values.gpu.count) 0 | ternary "-cuda" "")) }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "taktstream.secret" -}}
{{- .Values.secrets.existing | default (empty .Values.secrets.values | ternary "" (include "taktstream.name" .)) -}}
{{- end }}

{{- /* The configuration: the volume is where data goes. Rules of events have keys `on` and `off`, which Helm reads as
       truth values, as YAML 1.1 says; they become words again. */ -}}
{{- define "taktstream.config" -}}
{{- $config := set (deepCopy .Values.config) "data_dir" "/var/lib/takt" -}}
{{- range $stream := $config.streams -}}
{{- range $watch := $stream.watches -}}
{{- range $rule := $watch.events -}}
{{- range $read, $word := dict "true" "on" "false" "off" -}}
{{- if hasKey $rule $read -}}
{{- $_ := set $rule $word (get $rule $read) -}}
{{- $_ := unset $rule $read -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{- /* At its end it ends actions, delivers and writes pictures, each for as long as grace_s. */ -}}
{{- define "taktstream.graceSeconds" -}}
{{- $grace := (.Values.config.shutdown | default dict).grace_s -}}
{{- add .Values.preStopSeconds (mul 3 (ceil (kindIs "invalid" $grace | ternary 10 $grace) | int)) 10 -}}
{{- end }}

{{- /* MiB of a quantity in Mi, Gi or Ti. */ -}}
{{- define "taktstream.mib" -}}
{{- $factor := dict "Mi" 1 "Gi" 1024 "Ti" 1048576 -}}
{{- mul (regexFind "^[0-9]+" . | int64) (get $factor (regexFind "[A-Z]i$" .)) -}}
{{- end }}

{{- /* How many workers the service begins: each has an outbox of its own. */ -}}
{{- define "taktstream.workers" -}}
{{- $streams := len .Values.config.streams -}}
{{- $asked := .Values.config.workers | default 1 | toString -}}
{{- if .Values.cluster.enabled -}}
{{- $asked = (.Values.config.cluster | default dict).per_node | default (max 1 (div .Values.cluster.workers.cpus 4)) | toString -}}
{{- if eq $asked "auto" }}{{ $asked = max 1 (div .Values.cluster.workers.cpus 4) | toString }}{{ end -}}
{{- end -}}
{{- if ne $asked "auto" -}}
{{- $asked -}}
{{- else -}}
{{- gt $streams 16 | ternary (add (div (add $streams 15) 16) 1) 1 -}}
{{- end -}}
{{- end }}

{{- /* What the volume must hold at most. */ -}}
{{- define "taktstream.neededMib" -}}
{{- $outbox := (.Values.config.outbox | default dict).budget_mib | default 256 | int64 | mul (include "taktstream.workers" . | int64) -}}
{{- $pictures := (.Values.config.evidence | default dict).max_mib | default 1024 | int64 -}}
{{- $events := ((.Values.config.http.history | default dict).events | default 100000 | int64) -}}
{{- add $outbox $pictures (div $events 1000) 256 -}}
{{- end }}

{{- define "taktstream.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "taktstream.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* A file of a secret for each ${NAME} of the configuration. */ -}}
{{- define "taktstream.environment" -}}
{{- range .Values.secrets.variables }}
- {name: {{ . }}_FILE, value: /run/secrets/takt/{{ . }}}
{{- end }}
{{- end }}

{{- /* Configuration and secrets: as folders, never by subPath, which would keep the first version of each for ever. */ -}}
{{- define "taktstream.mounts" -}}
- {name: config, mountPath: /etc/takt, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if include "taktstream.secret" . }}
- {name: secrets, mountPath: /run/secrets/takt, readOnly: true}
{{- end }}
{{- if .Values.models.existingClaim }}
- {name: models, mountPath: /models, readOnly: true}
{{- end }}
{{- end }}

{{- define "taktstream.volumes" -}}
- name: config
  configMap: {name: {{ include "taktstream.name" . }}}
- name: tmp
  emptyDir: {sizeLimit: {{ .Values.cluster.enabled | ternary "2Gi" "512Mi" }}}
{{- with include "taktstream.secret" . }}
- name: secrets
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .Values.models.existingClaim }}
- name: models
  persistentVolumeClaim: {claimName: {{ . }}, readOnly: true}
{{- end }}
{{- end }}

{{- /* What the head and the machines of a cluster have in common; nothing where there is none. Ports as docs/cluster.md says. */ -}}
{{- define "taktstream.rayArguments" -}}
--node-name="$POD_NAME" --node-ip-address="$POD_IP" --object-store-memory=80000000 --node-manager-port=6380 --object-manager-port=6381 --runtime-env-agent-port=6382 --min-worker-port=10002 --max-worker-port=10101
{{- end }}

{{- define "taktstream.rayEnvironment" -}}
{{- if .Values.cluster.enabled }}
- {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
- {name: RAY_AUTH_MODE, value: token}
- {name: RAY_AUTH_TOKEN_PATH, value: /run/secrets/ray/token}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
{{- end }}
{{- end }}

{{- define "taktstream.rayMounts" -}}
{{- if .Values.cluster.enabled }}
- {name: ray-token, mountPath: /run/secrets/ray, readOnly: true}
- {name: shm, mountPath: /dev/shm}
{{- end }}
{{- end }}

{{- define "taktstream.rayVolumes" -}}
{{- if .Values.cluster.enabled }}
- name: ray-token
  secret: {secretName: {{ required "cluster.tokenSecret: name a Secret with the key `token`, e.g. of `openssl rand -hex 32`" .Values.cluster.tokenSecret }}, items: [{key: token, path: token}], defaultMode: 0440}
- name: shm  # else 64 MiB
  emptyDir: {medium: Memory, sizeLimit: 128Mi}
{{- end }}
{{- end }}

{{- define "taktstream.rayPorts" -}}
- {protocol: TCP, port: 6379, endPort: 6382}
- {protocol: TCP, port: 10002, endPort: 10101}
{{- end }}

{{- /* Of the section `mqtt`: the port that its address names, else that of its scheme. */ -}}
{{- define "taktstream.brokerPort" -}}
{{- $url := .url | default "mqtt://localhost:1883" -}}
{{- $given := regexFind ":[0-9]+/*$" $url | trimPrefix ":" | trimSuffix "/" -}}
{{- $given | default (hasPrefix "mqtts:" $url | ternary "8883" "1883") -}}
{{- end }}
