"""What `kubectl apply -k manifests` and the chart install: the same objects, which a real API server takes, with no more rights than are
used. Run by tests/cluster/apiserver.sh run python3 install_test.py; helm lies beside kubectl."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
CHART = SOURCE / "helm/eoa"
NAMESPACE = "eoa-system"
# Helm asks its own build for the version when there is no cluster.
KUBERNETES = "1.34.0"
LABELS_OF_HELM = {"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart"}


def run(*command, stdin=None):
    return subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True, timeout=60)


def output(*command, stdin=None):
    done = run(*command, stdin=stdin)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def parse(yaml):
    """The objects of a YAML text, by what they are; kubectl reads it."""
    text = output("kubectl", "label", "--local", "-f", "-", "-o", "json", "parsed=yes", stdin=yaml)
    decoder, objects = json.JSONDecoder(), {}
    while text.strip():
        found, end = decoder.raw_decode(text.lstrip())
        text = text.lstrip()[end:]
        del found["metadata"]["labels"]["parsed"]
        key = (found["apiVersion"], found["kind"], found["metadata"].get("namespace", ""), found["metadata"]["name"])
        if key in objects:
            raise AssertionError(f"twice: {key}")
        objects[key] = found
    return objects


def template(*flags):
    return run("helm", "template", "eoa", CHART, "--namespace", NAMESPACE, "--kube-version", KUBERNETES, *flags)


def rendered(*flags):
    done = template(*flags)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return parse(done.stdout)


def without_labels_of_helm(value):
    if isinstance(value, dict):
        inner = {key: without_labels_of_helm(item) for key, item in value.items()}
        if isinstance(inner.get("labels"), dict):
            inner["labels"] = {key: item for key, item in inner["labels"].items() if key not in LABELS_OF_HELM}
            if not inner["labels"]:
                del inner["labels"]
        return inner
    return [without_labels_of_helm(item) for item in value] if isinstance(value, list) else value


def named(objects, kind, name):
    return next(found for (_, k, _, n), found in objects.items() if (k, n) == (kind, name))


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.yaml = output("kubectl", "kustomize", SOURCE / "manifests")
        cls.objects = parse(cls.yaml)

    def test_are_taken_by_the_api_server_field_by_field(self):
        run("kubectl", "create", "namespace", NAMESPACE)
        done = run("kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-", stdin=self.yaml)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), len(self.objects))
        self.assertNotIn("Warning", done.stderr)

    def test_hold_what_an_installation_needs_and_no_samples(self):
        kinds = sorted(kind for _, kind, _, _ in self.objects)
        self.assertEqual(kinds, ["ClusterRole"] * 4 + ["ClusterRoleBinding", "CustomResourceDefinition", "Deployment", "Namespace",
                                                       "PodDisruptionBudget", "Role", "RoleBinding", "Service", "Service", "ServiceAccount"])

    def test_fit_the_annotation_in_which_kubectl_apply_keeps_an_object(self):
        for key, found in self.objects.items():
            self.assertLess(len(json.dumps(found)), 262144 // 2, key)

    def test_name_the_images_of_this_version(self):
        version = re.search(r"project\(eoa VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        container = named(self.objects, "Deployment", "eoa-operator")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["image"], f"eoa-operator:{version}")
        self.assertIn(f"--trainer-image=eoa-trainer:{version}", container["args"])
        chart = (CHART / "Chart.yaml").read_text()
        self.assertIn(f"\nappVersion: {version}\n", chart)
        self.assertIn(f"\nversion: {version}\n", chart)

    def test_services_and_budget_select_the_operators_pods(self):
        labels = named(self.objects, "Deployment", "eoa-operator")["spec"]["template"]["metadata"]["labels"].items()
        self.assertLessEqual(named(self.objects, "Service", "eoa-operator-metrics")["spec"]["selector"].items(), labels)
        self.assertLessEqual(named(self.objects, "PodDisruptionBudget", "eoa-operator")["spec"]["selector"]["matchLabels"].items(), labels)
        broker = dict(named(self.objects, "Service", "eoa-broker")["spec"]["selector"])
        self.assertEqual(broker.pop("eoa.io/leader"), "true")
        self.assertLessEqual(broker.items(), labels)

    def test_give_the_operator_no_secrets_and_no_wildcards(self):
        for kind in ("ClusterRole", "Role"):
            for rule in named(self.objects, kind, "eoa-operator")["rules"]:
                self.assertNotIn("*", rule["verbs"] + rule["resources"] + rule["apiGroups"])
                self.assertFalse({"secrets", "nodes", "serviceaccounts", "roles"} & set(rule["resources"]))

    def test_quickstart_differs_from_that_of_one_machine_in_the_place_of_its_images_only(self):
        jobs = [next(iter(parse((SOURCE / "manifests/samples" / name).read_text()).values())) for name in ("quickstart.yaml", "quickstart-cluster.yaml")]
        self.assertEqual(jobs[0]["spec"]["trainer"]["dataset"].pop("path"), "data/cifar10-subset")
        self.assertEqual(jobs[1]["spec"]["trainer"]["dataset"].pop("path"), "/usr/share/eoa/data/cifar10-subset")
        self.assertEqual(jobs[0]["spec"], jobs[1]["spec"])

    def test_monitoring_can_be_rendered(self):
        kinds = {kind for _, kind, _, _ in parse(output("kubectl", "kustomize", SOURCE / "manifests/monitoring"))}
        self.assertLessEqual({"ServiceMonitor", "PodMonitor"}, kinds)


class Roles(unittest.TestCase):
    """As the API server decides, which aggregates nothing here: no controllers run."""

    @classmethod
    def setUpClass(cls):
        run("kubectl", "create", "namespace", NAMESPACE)
        output("kubectl", "apply", "-k", SOURCE / "manifests")

    def may(self, user, verb, what, namespace="default"):
        what, _, subresource = what.partition("/")
        return run("kubectl", "auth", "can-i", verb, what, f"--subresource={subresource}", "--namespace", namespace, "--as",
                   user).stdout.strip() == "yes"

    def test_the_operator_may_do_its_work_in_all_namespaces_and_no_more(self):
        operator = f"system:serviceaccount:{NAMESPACE}:eoa-operator"
        for verb, what in (("list", "eoajobs.eoa.io"), ("delete", "eoajobs.eoa.io"), ("patch", "eoajobs.eoa.io/status"), ("create", "statefulsets.apps"),
                           ("patch", "services"), ("patch", "configmaps"), ("get", "configmaps"), ("watch", "pods"), ("create", "events"),
                           ("create", "tokenreviews.authentication.k8s.io")):
            self.assertTrue(self.may(operator, verb, what), f"{verb} {what}")
        for verb, what in (("patch", "eoajobs.eoa.io"), ("create", "eoajobs.eoa.io"), ("get", "secrets"), ("create", "pods"), ("patch", "pods"),
                           ("delete", "pods"), ("delete", "configmaps"), ("list", "persistentvolumeclaims"), ("update", "statefulsets.apps"),
                           ("create", "pods/exec"), ("get", "leases.coordination.k8s.io"), ("create", "clusterroles.rbac.authorization.k8s.io")):
            self.assertFalse(self.may(operator, verb, what), f"{verb} {what}")
        for verb, what in (("patch", "pods"), ("create", "leases.coordination.k8s.io"), ("update", "leases.coordination.k8s.io")):
            self.assertTrue(self.may(operator, verb, what, NAMESPACE), f"{verb} {what} in its own namespace")

    def test_users_may_read_or_write_jobs_as_their_role_says(self):
        for role in ("viewer", "editor", "admin"):
            output("kubectl", "create", "rolebinding", role, f"--clusterrole=eoa-{role}", f"--user={role}")
            self.addCleanup(run, "kubectl", "delete", "rolebinding", role)
        allowed = {who: [self.may(who, verb, what) for verb, what in
                         (("get", "eoajobs.eoa.io"), ("create", "eoajobs.eoa.io"), ("patch", "eoajobs.eoa.io/scale"), ("patch", "eoajobs.eoa.io/status"))]
                   for who in ("viewer", "editor", "admin", "nobody")}
        self.assertEqual(allowed, {"viewer": [True, False, False, False], "editor": [True, True, True, False], "admin": [True] * 4,
                                   "nobody": [False] * 4})


class Chart(unittest.TestCase):
    def test_passes_lint_without_a_warning(self):
        done = run("helm", "lint", "--strict", CHART, "--kube-version", KUBERNETES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("WARNING", done.stdout)

    def test_renders_what_the_manifests_hold_object_for_object(self):
        manifests = without_labels_of_helm(parse(output("kubectl", "kustomize", SOURCE / "manifests")))
        # Helm makes the namespace itself.
        del manifests["v1", "Namespace", "", NAMESPACE]
        self.assert_same(without_labels_of_helm(rendered("--set", "crds.keep=false")), manifests)

    def test_keeps_the_definition_and_with_it_all_jobs_unless_told_otherwise(self):
        definition = named(rendered(), "CustomResourceDefinition", "eoajobs.eoa.io")
        self.assertEqual(definition["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})

    def test_can_be_a_dependency_with_a_condition(self):
        self.assertEqual(set(rendered("--set", "enabled=true")), set(rendered()))

    def test_renders_the_monitoring_of_the_manifests(self):
        monitoring = {key: found for key, found in parse(output("kubectl", "kustomize", SOURCE / "manifests/monitoring")).items()
                      if key[1] in ("ServiceMonitor", "PodMonitor")}
        chart = {key: found for key, found in rendered("--set", "monitoring.enabled=true").items() if "coreos" in key[0]}
        self.assert_same(without_labels_of_helm(chart), without_labels_of_helm(monitoring))

    def assert_same(self, chart, manifests):
        self.maxDiff = None
        self.assertEqual(set(chart), set(manifests))
        for key in manifests:
            with self.subTest(key):
                self.assertEqual(chart[key], manifests[key])

    def test_is_taken_by_the_api_server_field_by_field_with_every_value_set(self):
        run("kubectl", "create", "namespace", NAMESPACE)
        values = {
            "enabled": True, "crds": {"keep": True},
            "operator": {"image": {"repository": "example.com:5000/team/eoa-operator", "digest": "sha256:" + "0" * 64, "pullPolicy": "Always"},
                         "replicas": 3, "extraArgs": ["--log-level=debug"], "podLabels": {"a": "b"}, "podAnnotations": {"c": "d"},
                         "nodeSelector": {"kubernetes.io/os": "linux"}, "tolerations": [{"key": "a", "operator": "Exists"}],
                         "affinity": {"nodeAffinity": {}}, "priorityClassName": "system-cluster-critical", "resources": {"limits": {"cpu": 1}}},
            "trainer": {"image": "example.com/eoa-trainer-cuda:1"}, "imagePullSecrets": ["pull"],
            "serviceAccount": {"name": "another", "annotations": {"e": "f"}}, "rbac": {"aggregate": False},
            "podDisruptionBudget": {"maxUnavailable": "50%"},
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(values, file)
            file.flush()
            done = template("--values", file.name)
            self.assertEqual(done.returncode, 0, done.stderr)
            taken = run("kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-", stdin=done.stdout)
            self.assertEqual(taken.returncode, 0, taken.stderr)
            objects = parse(done.stdout)
        pod = named(objects, "Deployment", "eoa-operator")["spec"]["template"]["spec"]
        self.assertEqual(pod["containers"][0]["image"], "example.com:5000/team/eoa-operator@sha256:" + "0" * 64)
        self.assertEqual(pod["serviceAccountName"], "another")
        self.assertEqual(named(objects, "RoleBinding", "eoa-operator")["subjects"][0]["name"], "another")
        self.assertEqual(named(objects, "CustomResourceDefinition", "eoajobs.eoa.io")["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})
        self.assertNotIn("rbac.authorization.k8s.io/aggregate-to-view", named(objects, "ClusterRole", "eoa-viewer")["metadata"]["labels"])

    def test_leaves_out_what_others_install(self):
        kinds = {kind for _, kind, _, _ in rendered("--set", "crds.enabled=false,rbac.create=false,serviceAccount.create=false,"
                                                             "podDisruptionBudget.enabled=false")}
        self.assertEqual(kinds, {"Deployment", "Service"})

    def test_gives_rights_in_the_namespaces_that_are_named_alone(self):
        objects = rendered("--set", "operator.namespaces={a,b}")
        bindings = {(kind, namespace, name): found["roleRef"]["name"] for (_, kind, namespace, name), found in objects.items() if "Binding" in kind}
        self.assertEqual(bindings, {("ClusterRoleBinding", "", "eoa-operator-cluster"): "eoa-operator-cluster",
                                    ("RoleBinding", "a", "eoa-operator-jobs"): "eoa-operator", ("RoleBinding", "b", "eoa-operator-jobs"): "eoa-operator",
                                    ("RoleBinding", NAMESPACE, "eoa-operator"): "eoa-operator"})
        arguments = named(objects, "Deployment", "eoa-operator")["spec"]["template"]["spec"]["containers"][0]["args"]
        self.assertLessEqual({"--namespace=a", "--namespace=b"}, set(arguments))

    def test_passes_only_flags_that_the_operator_has(self):
        source = (SOURCE / "operator/app/operator_main.cc").read_text()
        objects = rendered("--set", "operator.namespaces={a},operator.logLevel=debug")
        for argument in named(objects, "Deployment", "eoa-operator")["spec"]["template"]["spec"]["containers"][0]["args"]:
            self.assertIn(f'add_option("{argument.split("=")[0]}"', source)

    def test_refuses_values_that_are_misspelt_or_out_of_bounds(self):
        for wrong in ("operator.replica=2", "crd.enabled=true", "operator.replicas=-1", "operator.replicas=two", "operator.image.pullPolicy=Sometimes",
                      "operator.image.digest=latest", "operator.extraArgs={verbose}", "trainer.image=Not An Image", "monitoring.interval=15",
                      "podDisruptionBudget.maxUnavailable=many", "crds.keep=perhaps", "serviceAccount.name=UPPER", "operator.resources.limit.cpu=1",
                      "imagePullSecrets={}", "rbac.aggregate=1", "operator.logLevel=loud", "operator.namespaces={A_B}"):
            with self.subTest(wrong):
                done = template("--set", wrong)
                # Helm reads {} as a list with one empty name.
                self.assertNotEqual(done.returncode, 0, "accepted")
                self.assertRegex(done.stderr, "values.*specification|schema")

    def test_every_value_is_described_and_has_a_schema_and_a_default(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values}\nvalues:\n" + "".join(
            f"  {line}\n" for line in (CHART / "values.yaml").read_text().splitlines())
        values = next(iter(parse(yaml).values()))["values"]

        def visit(schema, values, path):
            self.assertTrue(schema.get("description"), path)
            if "properties" not in schema:
                return
            self.assertIs(schema["additionalProperties"], False, path)
            for name, inner in schema["properties"].items():
                if path + name in ("global", "operator.resources"):
                    continue
                self.assertIn(name, values, path + name)
                visit(inner, values[name], f"{path}{name}.")
            self.assertLessEqual(set(values), set(schema["properties"]), path)

        visit(schema, values, "")


if __name__ == "__main__":
    unittest.main()
