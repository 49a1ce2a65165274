"""RDS and ElastiCache lead to the real stores, and what is said to their API holds there at once."""

import ssl

import boto3
import pytest
import valkey
from botocore.exceptions import ClientError
from pg8000.native import Connection, DatabaseError

LOGIN = {"user": "sensor_owner", "database": "sensors"}


@pytest.fixture(scope="module")
def aws(running):
    """Clients of the embedded AWS, as its session says."""
    _, session = running
    environ = session.environ
    made = boto3.Session(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], region_name="eu-west-1")
    return lambda service: made.client(service, endpoint_url=session.url)


@pytest.fixture(scope="module")
def instance(aws):
    """A database instance, made over the API."""
    made = aws("rds").create_db_instance(
        DBInstanceIdentifier="records-dev", Engine="postgres", DBInstanceClass="db.t4g.medium", AllocatedStorage=20,
        DBName=LOGIN["database"], MasterUsername=LOGIN["user"], MasterUserPassword="first-password",
    )  # fmt: skip
    return made["DBInstance"]


def log_in(session, instance, password):
    context = ssl.create_default_context(cafile=str(session.ca))
    endpoint = instance["Endpoint"]
    Connection(
        **LOGIN, host=endpoint["Address"], port=endpoint["Port"], password=password, ssl_context=context, timeout=5
    ).close()


def test_the_endpoint_of_an_instance_lets_its_master_user_in(running, instance):
    log_in(running[1], instance, "first-password")


def test_a_master_password_changed_over_the_api_holds_at_once(running, instance, aws):
    aws("rds").modify_db_instance(DBInstanceIdentifier="records-dev", MasterUserPassword="second-password")
    log_in(running[1], instance, "second-password")
    with pytest.raises(DatabaseError, match="28P01"):
        log_in(running[1], instance, "first-password")


@pytest.mark.slow
def test_the_endpoint_of_a_replication_group_lets_in_whom_its_user_group_holds(running, aws, token):
    api, port = aws("elasticache"), running[1].ports["valkey"]

    def cache(user, group="cache-dev"):
        return valkey.Valkey(
            host="localhost", port=port, ssl=True, ssl_ca_certs=str(running[1].ca), ssl_check_hostname=True,
            username=user, password=token(user, group),
        )  # fmt: skip

    iam = {"Engine": "redis", "AuthenticationMode": {"Type": "iam"}}
    for name in ("processor-dev", "stranger-dev"):
        api.create_user(UserId=name, UserName=name, AccessString="on ~sensor:* -@all +@read +@write", **iam)
    api.create_user(UserId="nobody-dev", UserName="default", AccessString="off -@all", Engine="redis",
                    NoPasswordRequired=True)  # fmt: skip
    api.create_user_group(UserGroupId="users-dev", Engine="redis", UserIds=["nobody-dev", "processor-dev"])
    with pytest.raises(valkey.AuthenticationError):
        cache("processor-dev").get("sensor:1")
    made = api.create_replication_group(
        ReplicationGroupId="cache-dev", ReplicationGroupDescription="d", Engine="redis", NumCacheClusters=2, Port=port,
        CacheNodeType="cache.t4g.small", TransitEncryptionEnabled=True, UserGroupIds=["users-dev"],
    )["ReplicationGroup"]  # fmt: skip
    assert made["NodeGroups"][0]["PrimaryEndpoint"] == {"Address": "localhost", "Port": port}
    assert cache("processor-dev").set("sensor:1", "cold")
    for user, group in (("stranger-dev", "cache-dev"), ("default", "cache-dev"), ("processor-dev", "cache-other")):
        with pytest.raises(valkey.AuthenticationError):
            cache(user, group).get("sensor:1")


def test_a_user_without_a_policy_may_do_nothing(running, aws):
    iam = aws("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    stranger = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="eu-west-1")
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.client("secretsmanager", endpoint_url=running[1].url).get_secret_value(SecretId="factory/database")


def test_the_password_of_an_instance_is_in_no_log(running, instance):
    root, session = running
    files = [path for folder in (root, session.paths["data"]) for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if b"first-password" in path.read_bytes()] == []
