{{/* The release's own name: what `helm install NAME` was called with. */}}
{{- define "openclaw.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "openclaw.selector" -}}
app.kubernetes.io/name: openclaw
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "openclaw.labels" -}}
{{ include "openclaw.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "openclaw.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ .Values.image.repository }}{{ if or .Values.image.tag (not .Values.image.digest) }}:{{ $tag }}{{ end }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "openclaw.secret" -}}
{{- .Values.existingSecret | default (include "openclaw.name" .) -}}
{{- end -}}
