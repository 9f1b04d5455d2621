"""What ``compete explain`` tells about data on other machines."""

from __future__ import annotations

SOURCE_RULES = {
    "source/no-library": (
        "Data are on another machine, but the library that reads such addresses is not installed.",
        "pip install 'compete[remote]' brings what reads s3:// and https://; for other schemes (gs://, az://, …) "
        "install what the message names. The machines of a cluster need it too.",
    ),
    "source/unknown-scheme": (
        "Nobody knows how to read addresses that begin like this.",
        "Known are s3://, https:// and all others of fsspec. A path of this machine needs no scheme.",
    ),
    "source/no-bucket": (
        "There is no such bucket.",
        "Look whether the name is spelt right, and whether the account and the endpoint are those it belongs to "
        "(AWS_PROFILE, AWS_ENDPOINT_URL).",
    ),
    "source/no-credentials": (
        "The storage wants to know who asks, and no credentials were found.",
        "They are taken from where the AWS tools look for them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "AWS_PROFILE, ~/.aws/credentials; never from challenge.yaml. A public bucket is read without any after "
        "export FSSPEC_S3='{\"anon\": true}'. The machines of a cluster need them too.",
    ),
    "source/denied": (
        "The storage refuses this account.",
        "The account needs the rights to list the folder and to read its files (s3:ListBucket, s3:GetObject). Without "
        "the right to list, storage also refuses what is not there.",
    ),
    "source/no-network": (
        "The storage cannot be reached.",
        "Is the network up, the host's name right, and does a firewall let this machine through? Nothing half written "
        "is left; a build goes on where it stopped when it is run again.",
    ),
    "source/no-listing": (
        "Over HTTP nobody can tell which files there are.",
        "Name the images in a table or a file of annotations, and let data.images be the address they are relative "
        "to; or use storage that can be listed, such as s3://.",
    ),
    "source/reader": (
        "This reader needs its annotations on this machine.",
        "Copy the annotations here, without the images, and let data.images name the address of the images. Tables, "
        "Parquet and COCO files, folders of classes, and images with label images are read from where they are.",
    ),
    "source/not-shared": (
        "A worker of the cluster does not see a file that the build names.",
        "Workers read images themselves. Put the data on storage that all machines mount under the same path, or name "
        "them by an address (s3://bucket/folder) that all can reach.",
    ),
}
"""Every rule of places of data: one line, and a paragraph."""
