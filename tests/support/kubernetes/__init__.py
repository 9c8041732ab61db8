"""The Helm chart of ``deploy/helm``, rendered, and the manifests of ``deploy/kubernetes``."""
