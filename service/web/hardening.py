"""What a process that answers strangers gives up: memory dumps, new rights, files that others can read, the network.

Each step is one system call. Where a system does not know it, or a container forbids it, the process runs on
without that step: the same rights are then withheld by how it is run (see "In a container" in the README).
"""

from __future__ import annotations

import ctypes
import os
import resource
from contextlib import suppress
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
OPEN_FILES_OF_A_JOB = 256

# GDAL chooses a driver by a file's content, and some read other files or addresses then. Jobs write GeoPackage alone.
UNUSED_DRIVERS = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSV,CSW,Carto,DGN,DXF,EDIGEO,EEDA,ESRI Shapefile,ESRIJSON,Elasticsearch,"
    "FlatGeobuf,GDALG,GML,GPSBabel,GPX,GTFS,GeoJSON,GeoJSONSeq,GeoRSS,HTTP,Idrisi,JML,JSONFG,KML,LIBKML,LVBAG,MBTiles,"
    "MEM,MVT,MapInfo File,MapML,MiraMonVector,NGW,OAPIF,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,OpenFileGDB,PCIDSK,PDF,"
    "PDS4,PGDUMP,PLSCENES,PMTiles,S57,SQLite,SXF,Selafin,TopoJSON,VDV,VFK,VICAR,WAsP,WFS,XLSX"
)
DEAD_GDAL = {  # read when GDAL is loaded: setting it later has no effect
    "OGR_SKIP": UNUSED_DRIVERS,
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",  # no file by address
    "GDAL_HTTP_PROXY": "127.0.0.1:9",  # and where something asks all the same, nobody answers
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
}


def harden() -> None:
    """Give up memory dumps, new rights and files that others may read; to be called before threads are started."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def leave_the_network() -> bool:
    """Move this process into a network of its own without any address; to be called before threads are started.

    Returns
    -------
    bool
        Whether the system allowed it.
    """
    user, group = os.getuid(), os.getgid()
    try:
        left = bool(ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
    except (OSError, AttributeError):
        return False
    if left:  # else the process would not know its own user any more
        with suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return left


def limit_files(largest: int) -> None:
    """Limit how large a file this process may write, and how many it may hold open."""
    for kind, most in ((resource.RLIMIT_FSIZE, largest), (resource.RLIMIT_NOFILE, OPEN_FILES_OF_A_JOB)):
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))
