package model

import (
	"pixgate/internal/page"
	"pixgate/internal/webhook"
)

// WebhookDeliveryConnection is a page of deliveries to a webhook.
type WebhookDeliveryConnection struct {
	Nodes    []*webhook.Delivery
	PageInfo *PageInfo
}

// NewWebhookDeliveryConnection returns the page that answers w.
func NewWebhookDeliveryConnection(deliveries []*webhook.Delivery, more bool, w page.Window) *WebhookDeliveryConnection {
	return &WebhookDeliveryConnection{Nodes: deliveries, PageInfo: pageInfo(page.Deliveries, deliveries, more, w)}
}

// Edges returns the deliveries with their cursors.
func (c *WebhookDeliveryConnection) Edges() []*WebhookDeliveryEdge {
	edges := make([]*WebhookDeliveryEdge, len(c.Nodes))
	for i, one := range c.Nodes {
		edges[i] = &WebhookDeliveryEdge{Cursor: one.Cursor().Text(page.Deliveries), Node: one}
	}
	return edges
}
