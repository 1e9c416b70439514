{{- define "exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* 50 characters leave room for what Kubernetes and the chart append. */}}
{{- define "exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "exporter.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "exporter.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "exporter.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "exporter.secretName" -}}
{{- default (include "exporter.fullname" .) .Values.secret.existingSecret -}}
{{- end -}}

{{- define "exporter.image" -}}
{{- with .Values.image -}}
{{- if .registry -}}{{ .registry }}/{{- end -}}
{{- .repository -}}
{{- if .digest -}}@{{ .digest }}{{- else -}}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* A StatefulSet gives each pod a volume and an ordinal. Returns an empty string for a Deployment. */}}
{{- define "exporter.isStatefulSet" -}}
{{- if or .Values.persistence.enabled (gt (int .Values.shards) 1) -}}true{{- end -}}
{{- end -}}

{{- define "exporter.hasTargetFile" -}}
{{- with .Values.targets -}}
{{- if and (not $.Values.config) (or .userids .meetingids .meetingCodes) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "exporter.hasConfigMap" -}}
{{- if or .Values.config .Values.policy.accepted (include "exporter.hasTargetFile" .) -}}true{{- end -}}
{{- end -}}

{{- define "exporter.hasTLS" -}}
{{- if .Values.web.config.tls_server_config -}}true{{- end -}}
{{- end -}}

{{/* The kubelet has neither a password nor a client certificate. */}}
{{- define "exporter.refusesProbes" -}}
{{- $tls := default dict .Values.web.config.tls_server_config -}}
{{- $clients := default "NoClientCert" $tls.client_auth_type -}}
{{- if or .Values.web.config.basic_auth_users (hasPrefix "Require" $clients) -}}true{{- end -}}
{{- end -}}

{{/* Takes (list root probe path). */}}
{{- define "exporter.probe" -}}
{{- $root := index . 0 -}}
{{- $probe := index . 1 -}}
{{- if not (or $probe.httpGet $probe.tcpSocket $probe.exec) -}}
{{- if include "exporter.refusesProbes" $root }}
tcpSocket:
  port: metrics
{{- else }}
httpGet:
  path: {{ index . 2 }}
  port: metrics
  {{- if include "exporter.hasTLS" $root }}
  scheme: HTTPS
  {{- end }}
{{- end }}
{{- end }}
{{- with $probe }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "exporter.args" -}}
{{- if .Values.config }}
- --config.file=/etc/wecom_recording_exporter/config.yml
{{- else }}
- --wecom.corp-name={{ .Values.wecom.corpName }}
{{- range .Values.targets.discover }}
- --target.discover={{ . }}
{{- end }}
{{- if include "exporter.hasTargetFile" . }}
- --target.file=/etc/wecom_recording_exporter/targets.yml
{{- end }}
{{- with .Values.policy.retention }}
- --policy.retention={{ . }}
{{- end }}
{{- if .Values.policy.accepted }}
- --policy.accepted-file=/etc/wecom_recording_exporter/accepted.yml
{{- end }}
{{- end }}
- --poll.max-requests-per-minute={{ div .Values.poll.maxRequestsPerMinute .Values.shards }}
{{- with .Values.poll.interval }}
- --poll.interval={{ . }}
{{- end }}
{{- with .Values.poll.settledInterval }}
- --poll.settled-interval={{ . }}
{{- end }}
{{- with .Values.poll.lookback }}
- --poll.lookback={{ . }}
{{- end }}
{{- if gt (int .Values.shards) 1 }}
- --shard.total={{ .Values.shards }}
{{- end }}
{{- if .Values.persistence.enabled }}
- --storage.path=/var/lib/wecom_recording_exporter
{{- end }}
{{- if .Values.web.enableRecordings }}
- --web.enable-recordings
{{- end }}
{{- if .Values.web.enableLifecycle }}
- --web.enable-lifecycle
{{- end }}
{{- if .Values.web.config }}
- --web.config.file=/run/secrets/web/web.yml
{{- end }}
- --log.level={{ .Values.log.level }}
- --log.format={{ .Values.log.format }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The app secret is a file; its value is in no variable and no argument. */}}
{{- define "exporter.env" -}}
{{- if not .Values.config }}
- name: WECOM_CORP_ID
  value: {{ .Values.wecom.corpId | quote }}
{{- with .Values.wecom.agentId }}
- name: WECOM_AGENT_ID
  {{- /* A number of Helm is a float, which a template prints as 1.000002e+06. */}}
  value: {{ ternary . (int64 . | toString) (kindIs "string" .) | quote }}
{{- end }}
{{- with .Values.wecom.apiUrl }}
- name: WECOM_API_URL
  value: {{ . | quote }}
{{- end }}
- name: WECOM_API_SECRET_FILE
  value: /run/secrets/wecom/{{ .Values.secret.key }}
{{- end }}
{{- if gt (int .Values.shards) 1 }}
- name: WECOM_RECORDING_EXPORTER_SHARD_ORDINAL
  valueFrom:
    fieldRef:
      fieldPath: metadata.labels['apps.kubernetes.io/pod-index']
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Folders are mounted, not files: a mounted file stays the old one when its Secret changes. */}}
{{- define "exporter.volumeMounts" -}}
- name: secret
  mountPath: /run/secrets/wecom
  readOnly: true
{{- if include "exporter.hasConfigMap" . }}
- name: config
  mountPath: /etc/wecom_recording_exporter
  readOnly: true
{{- end }}
{{- if .Values.web.config }}
- name: web
  mountPath: /run/secrets/web
  readOnly: true
{{- end }}
{{- if .Values.persistence.enabled }}
- name: state
  mountPath: /var/lib/wecom_recording_exporter
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "exporter.volumes" -}}
- name: secret
  secret:
    secretName: {{ include "exporter.secretName" . }}
    defaultMode: 0440
{{- if include "exporter.hasConfigMap" . }}
- name: config
  configMap:
    name: {{ include "exporter.fullname" . }}
{{- end }}
{{- if .Values.web.config }}
- name: web
  secret:
    secretName: {{ include "exporter.fullname" . }}-web
    defaultMode: 0440
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The pod of the StatefulSet and of the Deployment. The exporter reads Secrets, targets and accepted exposures again
when they change, and its configuration at start, so that only a change of the latter needs new pods. */}}
{{- define "exporter.podTemplate" -}}
metadata:
  labels:
    {{- include "exporter.selectorLabels" . | nindent 4 }}
    {{- with .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or .Values.config .Values.podAnnotations }}
  annotations:
    {{- with .Values.config }}
    checksum/config: {{ toYaml . | sha256sum }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: {{ include "exporter.serviceAccountName" . }}
  automountServiceAccountToken: false
  # The exporter refuses variables with its prefix that are no flag's.
  enableServiceLinks: false
  terminationGracePeriodSeconds: 10
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: exporter
      image: {{ include "exporter.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        {{- include "exporter.args" . | trim | nindent 8 }}
      {{- with include "exporter.env" . | trim }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      ports:
        - name: metrics
          containerPort: 10168
          protocol: TCP
      livenessProbe:
        {{- include "exporter.probe" (list . .Values.livenessProbe "/-/healthy") | trim | nindent 8 }}
      readinessProbe:
        {{- include "exporter.probe" (list . .Values.readinessProbe "/-/ready") | trim | nindent 8 }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        {{- include "exporter.volumeMounts" . | nindent 8 }}
  volumes:
    {{- include "exporter.volumes" . | nindent 4 }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    {{- $selector := dict "matchLabels" (include "exporter.selectorLabels" $ | fromYaml) }}
    - {{- toYaml (merge (deepCopy .) (dict "labelSelector" $selector)) | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with .Values.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Refuses values that the exporter would refuse at start, or that would undo a promise of the chart. */}}
{{- define "exporter.validate" -}}
{{- $shards := int .Values.shards -}}
{{- if lt (int .Values.poll.maxRequestsPerMinute) $shards -}}
{{- fail "poll.maxRequestsPerMinute is less than shards: each shard needs at least one call a minute" -}}
{{- end -}}
{{- if .Values.config -}}
{{- if or .Values.wecom.corpId .Values.wecom.agentId .Values.wecom.apiUrl -}}
{{- fail "config replaces wecom: remove one of them" -}}
{{- end -}}
{{- if or .Values.targets.userids .Values.targets.meetingids .Values.targets.meetingCodes -}}
{{- fail "config replaces targets: write them to config.corps[].targets" -}}
{{- end -}}
{{- if .Values.policy.retention -}}
{{- fail "config replaces policy.retention: write it to config.corps[].policy.retention" -}}
{{- end -}}
{{- $poll := default dict .Values.config.poll -}}
{{- if and (gt $shards 1) $poll.max_requests_per_minute -}}
{{- fail "config.poll.max_requests_per_minute would apply to each shard: write the sum to poll.maxRequestsPerMinute" -}}
{{- end -}}
{{- else -}}
{{- if not .Values.wecom.corpId -}}
{{- fail "wecom.corpId is missing: set it, or config for several corps" -}}
{{- end -}}
{{- with .Values.targets -}}
{{- if not (or .discover .userids .meetingids .meetingCodes) -}}
{{- fail "targets is empty: name some, or set targets.discover" -}}
{{- end -}}
{{- if and (has "members" .discover) (not $.Values.wecom.agentId) -}}
{{- fail "wecom.agentId is missing: discovery of members needs it" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.secret.existingSecret .Values.secret.data -}}
{{- fail "secret.existingSecret and secret.data exclude each other" -}}
{{- end -}}
{{- if not .Values.secret.existingSecret -}}
{{- if not .Values.secret.data -}}
{{- fail "the app secret is missing: set secret.existingSecret, or secret.data" -}}
{{- end -}}
{{- if and (not .Values.config) (not (hasKey .Values.secret.data .Values.secret.key)) -}}
{{- fail (printf "secret.data lacks the key %s, which secret.key names" .Values.secret.key) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if has .name (list "WECOM_API_SECRET" "WECOM_RECORDING_EXPORTER_WECOM_API_SECRET") -}}
{{- fail (printf "extraEnv has %s: put the app secret into secret" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
