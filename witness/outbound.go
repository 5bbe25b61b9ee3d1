// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"cocket.example/receipt"
)

// outbound asks logs and peers. What they answer is bounded.
type outbound struct {
	client  *http.Client
	timeout time.Duration // of one request
}

// maxOutbound bounds the connections to one host, which stay open for the next request.
const maxOutbound = 128

func newOutbound(timeout time.Duration) outbound {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = maxOutbound, maxOutbound
	transport.MaxIdleConns = 8 * maxOutbound
	transport.MaxResponseHeaderBytes = 16 << 10
	return outbound{timeout: timeout, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send sends a request, and returns the status and the body, of at most receipt.MaxCheckpoint bytes.
func (o outbound) send(ctx context.Context, method, address string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	answer, err := o.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, receipt.MaxCheckpoint+1))
	if err == nil && len(text) > receipt.MaxCheckpoint {
		err = fmt.Errorf("%s %s: answer of more than %d bytes", method, address, receipt.MaxCheckpoint)
	}
	return answer.StatusCode, text, err
}

// checkURL wants the address of a prefix: http or https, and nothing behind the path.
func checkURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%s: want an address with http or https", address)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && address[len(address)-1] == '/':
		return fmt.Errorf("%s: want an address without user, query, fragment and final slash", address)
	}
	return nil
}
