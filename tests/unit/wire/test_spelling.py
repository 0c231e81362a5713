from headgate.wire.spelling import camel


def test_either_spelling_of_a_name_is_the_same():
    given = {"max_output_tokens": 1, "topP": 2, "response_mime_type": 3, "_private": 4, "x": 5, "": 6}
    assert {"maxOutputTokens": 1, "topP": 2, "responseMimeType": 3, "_private": 4, "x": 5, "": 6} == camel(given)
