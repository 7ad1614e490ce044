{{- /* Only what text/template itself has, so that the templates read as YAML. The depth of each part is fixed. */ -}}

{{- define "runbell.labels" }}
    app.kubernetes.io/name: runbell
    app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "runbell.podLabels" }}
        app.kubernetes.io/name: runbell
        app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "runbell.podSecurity" }}
      automountServiceAccountToken: false
      # Else a service called runbell gives each container RUNBELL_PORT.
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
{{- if .Values.nodeSelector }}
      nodeSelector:
{{- range $name, $value := .Values.nodeSelector }}
        {{ $name }}: {{ printf "%q" $value }}
{{- end }}
{{- end }}
{{- end }}

{{- define "runbell.container" }}
          image: {{ .Values.image.repository }}:{{ or .Values.image.tag .Chart.AppVersion }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: data
              mountPath: /data
            - name: tmp
              mountPath: /tmp
            - name: secrets
              mountPath: /run/secrets/runbell
              readOnly: true
          env:
            - name: RUNBELL_URL
              value: {{ printf "%q" .Values.url }}
            - name: RUNBELL_TRUSTED_PROXIES
              value: {{ printf "%q" .Values.trustedProxies }}
            - name: RUNBELL_DATA_DIR
              value: /data
            - name: RUNBELL_HOST
              value: 0.0.0.0
            - name: PORT
              value: "8000"
            - name: RUNBELL_METRICS_BIND
              value: 0.0.0.0:9464
            - name: RUNBELL_MIGRATE
              value: {{ if .Values.migrate.enabled }}"false"{{ else }}"true"{{ end }}
            - name: RUNBELL_STOP_SECONDS
              value: "{{ .Values.stopSeconds }}"
            - name: RUNBELL_WEB_THREADS
              value: "{{ .Values.web.threads }}"
            - name: RUNBELL_WORKERS
              value: "{{ .Values.worker.processes }}"
            - name: RUNBELL_PUBLIC_SCHEMA
              value: "false"
            - name: RUNBELL_SAMPLE
              value: "false"
{{- range $name, $value := .Values.settings }}
            - name: {{ $name }}
              value: {{ printf "%q" $value }}
{{- end }}
{{- range $name, $key := .Values.secret.files }}
            - name: {{ $name }}_FILE
              value: /run/secrets/runbell/{{ $key }}
{{- end }}
{{- end }}

{{- define "runbell.volumes" }}
      volumes:
        - name: data
{{- if .Values.data.existingClaim }}
          persistentVolumeClaim:
            claimName: {{ .Values.data.existingClaim }}
{{- else }}
          emptyDir:
            sizeLimit: {{ .Values.data.sizeLimit }}
{{- end }}
        - name: tmp
          emptyDir:
            sizeLimit: 1Gi
        - name: secrets
          secret:
            secretName: {{ .Values.secret.name }}
            # Owned by root, read by the group of fsGroup.
            defaultMode: 288
{{- end }}
