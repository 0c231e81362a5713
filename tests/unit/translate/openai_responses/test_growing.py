from headgate.translate.openai_responses.growing import Call, MessageItem, Thought


def test_a_message_is_its_parts():
    message = MessageItem("msg_1", 4)
    events = [*message.begin(), *message.grow("a"), *message.end_part(), *message.end_part(), *message.grow("b")]
    events += message.end("completed")
    assert {4} == {event["output_index"] for event in events}
    assert [0, 1] == sorted({event["content_index"] for event in events if "content_index" in event})  # pyright: ignore[reportArgumentType]
    assert events[-1]["item"] == message.item("completed")


def test_a_thought_that_cannot_be_read_has_no_part():
    thought = Thought("rs_1", 0)
    thought.encrypted = "x"
    assert ["response.output_item.done"] == [event["type"] for event in thought.end("incomplete")]
    assert "status" not in thought.item("incomplete")


def test_a_call_ends_once():
    call = Call("fc_1", 0, "c", "f")
    assert not call.is_done
    assert ["delta", "done", "done"] == [str(event["type"]).rsplit(".", 1)[1] for event in call.end("completed")]
    assert call.is_done
