"""A reading that a device publishes is on the stream."""

from __future__ import annotations

import json

from tests.integration.deployment import Deployment


def test_a_published_reading_arrives_on_the_stream_with_its_sensor_and_time(embedded: Deployment) -> None:
    kinesis, name = embedded.client("kinesis"), embedded.outputs["stream_name"]
    starts = [
        kinesis.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        for shard in kinesis.list_shards(StreamName=name)["Shards"]
    ]
    embedded.client("iot-data").publish(topic="factory/press-7/readings", payload=json.dumps({"celsius": 41.5}))
    embedded.client("iot-data").publish(topic="elsewhere/press-8/readings", payload=json.dumps({"celsius": 1}))
    records = [
        record for start in starts for record in kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
    ]
    (reading,) = [json.loads(record["Data"]) for record in records]
    assert [record["PartitionKey"] for record in records] == ["press-7"]
    assert (reading["celsius"], reading["sensor_id"]) == (41.5, "press-7")
    assert reading["received_at"] > 1_700_000_000_000
