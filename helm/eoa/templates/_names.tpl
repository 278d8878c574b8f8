{{/* Labels of every object; `name` is the part's. Called with (dict "root" $ "name" NAME); without a name for cluster-wide parts. */}}
{{- define "eoa.labels" -}}
{{- with .name -}}
app.kubernetes.io/name: {{ . }}
{{ end -}}
app.kubernetes.io/part-of: eoa
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "eoa.serviceAccount" -}}
{{ .Values.serviceAccount.name | default "eoa-operator" }}
{{- end }}

{{- define "eoa.operatorImage" -}}
{{- $image := .Values.operator.image -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $image.repository $image.digest }}
{{- else -}}
{{ printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end }}
