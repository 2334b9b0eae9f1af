"""What describes clusters is right as far as that can be seen without them."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from ray.autoscaler._private.aws.config import bootstrap_aws
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).parents[3]
LAUNCHED = ("cluster.yaml", "clusters/local.yaml")
"""Those that `ray up` takes."""
PINS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text().split() if "==" in line
)


def described(name: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return config


def manifests() -> dict[str, dict[str, Any]]:
    documents = yaml.safe_load_all((ROOT / "clusters/kuberay.yaml").read_text())
    return {document["kind"]: document for document in documents}


def node_commands(text: str) -> list[list[str]]:
    """The arguments of every `sweeps node head|join|stop` in a shell command or script."""
    text = re.sub(r"#.*", "", text).replace("\\\n", " ")
    found = re.findall(r"sweeps node ((?:head|join|stop)\b[^;&\n]*)", text)
    return [shlex.split(arguments) for arguments in found]


@pytest.mark.parametrize("name", LAUNCHED)
def test_ray_takes_it(name: str) -> None:
    validate_config(prepare_config(described(name)))


@pytest.mark.parametrize("name", LAUNCHED)
def test_it_installs_the_project_with_its_pins(name: str) -> None:
    config = described(name)
    mounted = {Path(there).name: here for there, here in config["file_mounts"].items()}
    assert "constraints.txt" in mounted
    for path in mounted.values():
        assert path.startswith("~") or (ROOT / path).exists()
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    wanted = {pattern.rstrip("*") for pattern in packages["packages"]["find"]["include"]}
    assert wanted <= mounted.keys()
    install = next(c for c in config["setup_commands"] if "pip install" in c)
    assert "--constraint ~/stability-sweeps/constraints.txt" in install
    assert "[s3,head]" in install


@pytest.mark.parametrize("name", LAUNCHED)
def test_every_node_has_the_token_and_is_started_by_sweeps(name: str) -> None:
    config = described(name)
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    head = node_commands("\n".join(config["head_start_ray_commands"]))
    assert [arguments[0] for arguments in head] == ["head"]
    assert "--autoscaling-config" in head[0]
    worker = node_commands("\n".join(config["worker_start_ray_commands"]))
    assert [arguments[:2] for arguments in worker] == [["stop"], ["join", "$RAY_HEAD_IP:6379"]]


def test_setup_takes_a_second_time() -> None:
    """The two that would not by themselves; `uv pip install` does."""
    for name in LAUNCHED:
        for command in described(name)["setup_commands"]:
            guarded = re.match(r"(test|grep) .* \|\| ", command)
            assert guarded or "pip install" in command, command


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An account made by clusters/aws-account.yaml, in memory."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("cloudformation", "us-west-2").create_stack(
            StackName="sweeps",
            TemplateBody=(ROOT / "clusters/aws-account.yaml").read_text(),
            Parameters=[{"ParameterKey": "Bucket", "ParameterValue": "my-sweeps"}],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        yield


@pytest.fixture
def launched(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """cluster.yaml as `ray up` fills it in for that account."""
    monkeypatch.setenv("HOME", str(tmp_path))  # it writes an ssh key
    (tmp_path / ".ssh").mkdir()
    config: dict[str, Any] = bootstrap_aws(prepare_config(described("cluster.yaml")))
    return config


def test_aws_only_ssh_is_open_to_the_world(launched: dict[str, Any]) -> None:
    ec2 = boto3.resource("ec2", "us-west-2")
    for node in launched["available_node_types"].values():
        for group in node["node_config"]["SecurityGroupIds"]:
            rules = ec2.SecurityGroup(group).ip_permissions
            world = [rule for rule in rules if rule["IpRanges"] or rule["Ipv6Ranges"]]
            assert [(rule["FromPort"], rule["ToPort"]) for rule in world] == [(22, 22)]


def test_aws_roles_and_bucket_are_those_of_the_account(launched: dict[str, Any]) -> None:
    iam = boto3.resource("iam", "us-west-2")
    roles = {
        name: iam.InstanceProfile(node["node_config"]["IamInstanceProfile"]["Name"]).roles[0].name
        for name, node in launched["available_node_types"].items()
    }
    assert roles == {"head": "sweeps-head", "gpu": "sweeps-worker"}
    [head] = node_commands(described("cluster.yaml")["head_start_ray_commands"][0])
    bucket = head[head.index("--store") + 1].removeprefix("s3://")
    assert bucket in {b.name for b in boto3.resource("s3", "us-west-2").buckets.all()}


def test_aws_nothing_is_paid_for_while_idle_but_the_head(launched: dict[str, Any]) -> None:
    types = launched["available_node_types"]
    assert types["gpu"]["min_workers"] == 0
    assert types["gpu"]["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert "InstanceMarketOptions" not in types["head"]["node_config"]
    assert launched["provider"]["cache_stopped_nodes"] is False


def test_slurm_script_is_bash() -> None:
    script = ROOT / "clusters/slurm.sh"
    subprocess.run(["bash", "-n", str(script)], check=True)
    usage = subprocess.run(["bash", str(script)], capture_output=True, text=True)
    assert usage.returncode == 2
    assert usage.stderr.startswith("usage: ")
    used = [arguments[0] for arguments in node_commands(script.read_text())]
    assert sorted(set(used)) == ["head", "join", "stop"]


def test_kubernetes_pods_run_the_image_of_the_dockerfile() -> None:
    spec = manifests()["RayCluster"]["spec"]
    assert spec["rayVersion"] == PINS["ray"]
    assert spec["authOptions"] == {"mode": "token"}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    containers = [group["template"]["spec"]["containers"][0] for group in groups]
    for container in containers:
        name, _, tag = container["image"].rpartition(":")
        assert (name.rpartition("/")[2], tag) == ("stability-sweeps", version)
        for resource in container["resources"]["limits"]:
            assert resource in ("cpu", "memory", "nvidia.com/gpu")
    commands = [node_commands(container["args"][0])[0] for container in containers]
    assert [command[0] for command in commands] == ["head", "join"]
    assert all("--block" in command for command in commands)
    # Else KubeRay puts its own `ray start` in their place.
    annotations = manifests()["RayCluster"]["metadata"]["annotations"]
    assert annotations["ray.io/overwrite-container-cmd"] == "true"


def test_kubernetes_names_agree() -> None:
    documents = manifests()
    cluster = documents["RayCluster"]["metadata"]["name"]
    assert documents["RayJob"]["spec"]["clusterSelector"] == {"ray.io/cluster": cluster}
    [volume] = documents["RayCluster"]["spec"]["headGroupSpec"]["template"]["spec"]["volumes"]
    claim = documents["PersistentVolumeClaim"]["metadata"]["name"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim


def test_dockerfile_has_what_the_project_needs() -> None:
    lines = (ROOT / "clusters/Dockerfile").read_text().splitlines()
    copied = {name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]}
    assert {"sweeps", "trainables", "analysis", "pyproject.toml", "constraints.txt"} <= copied
    for name in copied:
        assert (ROOT / name).exists(), name
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [install] = [line for line in lines if "pip install" in line]
    assert "--constraint constraints.txt" in install
    extras = re.search(r"\.\[(.*)\]", install)
    assert extras
    assert set(extras[1].split(",")) <= project["optional-dependencies"].keys()
    [base] = [line.split()[1] for line in lines if line.startswith("FROM")]
    oldest = project["requires-python"].removeprefix(">=")
    assert base == f"python:{oldest}-slim"
